/** The proxy loses what it is told to, and nothing else. */
import { connect, createServer, type Server } from 'node:net';
import { startProxy, type TestProxy } from './proxy.js';

let server: Server;
let proxy: TestProxy;
const arrived: string[] = [];

beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (sent) => {
      arrived.push(String(sent));
      socket.write(`re: ${sent}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await startProxy((server.address() as { port: number }).port);
});
afterAll(async () => {
  await proxy.close();
  server.close();
});
beforeEach(() => {
  arrived.length = 0;
  proxy.fate = (sent) => {
    if (String(sent) === 'lost') return 'loseRequest';
    return String(sent) === 'unanswered' ? 'loseReply' : 'pass';
  };
});

/* Sends a text; gives the reply, or nothing where the connection ends without one. */
function ask(text: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(proxy.port, '127.0.0.1', () => socket.write(text));
    socket.on('error', () => {});
    socket.on('close', () => resolve(undefined));
    socket.on('data', (reply) => {
      resolve(String(reply));
      socket.destroy();
    });
  });
}

test('what is not to be lost passes, both ways', async () => {
  expect(await ask('hello')).toBe('re: hello');
  expect(proxy.through('redis://u:p@10.0.0.1:1/2')).toBe(`redis://u:p@127.0.0.1:${proxy.port}/2`);
});

test('a lost request never arrives, and the connection ends', async () => {
  expect(await ask('lost')).toBeUndefined();
  expect(arrived).toEqual([]);
});

test('of a lost reply the request has arrived', async () => {
  expect(await ask('unanswered')).toBeUndefined();
  expect(arrived).toEqual(['unanswered']);
});

test('while it is paused nothing passes, and then all does', async () => {
  proxy.pause(true);
  const reply = ask('later');
  expect(await Promise.race([reply, aMoment()])).toBe('nothing yet');
  proxy.pause(false);
  expect(await reply).toBe('re: later');
});

test('a cut ends what waits', async () => {
  proxy.pause(true);
  const reply = ask('cut');
  await aMoment();
  proxy.cut();
  proxy.pause(false);
  expect(await reply).toBeUndefined();
});

function aMoment(): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, 50, 'nothing yet'));
}
