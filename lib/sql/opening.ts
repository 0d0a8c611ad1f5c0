/** What is opened by its first use, once; where that fails, by the next use again. */
export class Opening<T> {
  private opening: Promise<T> | undefined;

  constructor(
    private readonly open: () => Promise<T>,
    /** Says what could not be opened. */
    private readonly failed: (thrown: unknown) => never,
  ) {}

  /** The next use opens it anew. */
  forget(): void {
    this.opening = undefined;
  }

  get done(): Promise<T> {
    this.opening ??= this.open().catch((thrown: unknown) => {
      this.opening = undefined;
      return this.failed(thrown);
    });
    return this.opening;
  }
}
