/** PGlite for tests, loaded outside their context: see `environment.cjs`. */
import type * as Package from '@electric-sql/pglite';

declare const importOutside: (name: string) => Promise<typeof Package>;

export const PGlite = {
  async create(options: Package.PGliteOptions): Promise<Package.PGlite> {
    const { PGlite: Outside } = await importOutside('@electric-sql/pglite');
    return Outside.create(options);
  },
};
