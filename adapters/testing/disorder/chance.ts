/** Chance that a seed decides: the same numbers on every machine, and no `Math.random`. */

/* Taken once: test runners make each look at a global slow. */
const { imul } = Math;

/**
 * A stream of numbers of its own for each purpose: to draw more for one leaves the others as they are.
 * After Chris Doty-Humphrey's sfc32 (PractRand).
 */
export class Chance {
  private a: number;
  private b: number;
  private c: number;
  private n = 1;

  constructor(seed: number, purpose: string) {
    this.a = seed | 0;
    this.b = Math.floor(seed / 2 ** 32) | 0;
    this.c = 0;
    for (const letter of purpose) this.c = imul(this.c ^ letter.charCodeAt(0), 0x01000193);
    for (let i = 0; i < 16; i++) this.bits();
  }

  /** A whole number in [0, most], each as likely. */
  upTo(most: number): number {
    const unit = ((this.bits() >>> 5) * 2 ** 26 + (this.bits() >>> 6)) / 2 ** 53;
    return Math.floor(unit * (most + 1));
  }

  /** Which of `n` are taken: exactly `round(ratio · n)`, each as likely. After Knuth's algorithm S. */
  share(n: number, ratio: number): boolean[] {
    let wanted = Math.round(ratio * n);
    return Array.from({ length: n }, (_, i) => {
      const taken = this.upTo(n - i - 1) < wanted;
      if (taken) wanted--;
      return taken;
    });
  }

  private bits(): number {
    const sum = (((this.a + this.b) | 0) + this.n) | 0;
    this.n = (this.n + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum;
  }
}
