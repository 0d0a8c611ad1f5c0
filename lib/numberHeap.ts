/** A binary heap of numbers in an array, least first: `heap[0]` is the least. */

/** Adds a number. O(log n), O(1) where it is the greatest. */
export function pushLeast(heap: number[], value: number): void {
  let i = heap.length;
  heap.push(value);
  while (i > 0) {
    const up = (i - 1) >> 1;
    if ((heap[up] as number) <= value) break;
    heap[i] = heap[up] as number;
    i = up;
  }
  heap[i] = value;
}

/** Takes the least number out of a heap that is not empty. O(log n) */
export function popLeast(heap: number[]): number {
  const least = heap[0] as number;
  const value = heap.pop() as number;
  const n = heap.length;
  if (n === 0) return least;
  let i = 0;
  for (let down = 1; down < n; down = 2 * i + 1) {
    if (down + 1 < n && (heap[down + 1] as number) < (heap[down] as number)) down++;
    if ((heap[down] as number) >= value) break;
    heap[i] = heap[down] as number;
    i = down;
  }
  heap[i] = value;
  return least;
}
