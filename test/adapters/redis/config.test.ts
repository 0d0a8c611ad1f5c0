/** What `redisStore` says of wrong addresses, before it connects and without what they hold. */
import { redisStore } from 'tidemark/redis';

test.each([
  ...['redis://:hid/denPW@h/0', 'redis://u:hid#denPW@h/0', 'redis://u:12#denPW@h/0'],
  ...['redis://:hid%denPW@h/0', 'redis://:denPW@h/abc', 'redis://:denPW@h:99999/0', 'denPW'],
])('%j is refused in one sentence', async (url) => {
  const refused = await redisStore({ url }).catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(TypeError);
  expect((refused as Error).message).toMatch(/^redisStore: `url` must be redis:\/\/user/);
  expect((refused as Error).message).not.toMatch(/PW|hid|\n|12/);
});
