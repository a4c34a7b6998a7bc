import { createServer, type Socket } from 'node:net';

interface Letter {
  to: string;
  subject: string;
  text: string;
}

export interface MailServer {
  port: number;
  letters: Letter[];
  /** The newest link to a page of the program that was sent to an address; waits for it. */
  link: (to: string, page: string) => Promise<string>;
  stop: () => Promise<void>;
}

const WAIT = 30_000;

/** A mail server that keeps what it is handed, for the tests to read. */
export async function startMail(): Promise<MailServer> {
  const letters: Letter[] = [];
  const open = new Set<Socket>();
  const waiting = new Set<() => void>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    talk(socket, (letter) => {
      letters.push(letter);
      for (const wake of waiting) wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the mail server has no port');
  const find = (to: string, page: string) =>
    letters
      .filter((letter) => letter.to === to)
      .flatMap((letter) => letter.text.match(new RegExp(`https?://[^\\s"<>]+/${page}#token=[\\w-]+`)) ?? [])
      .at(-1);
  const link = (to: string, page: string) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = find(to, page);
        if (!found) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`no ${page} link came to ${to}; there are: ${JSON.stringify(letters)}`));
      }, WAIT);
      waiting.add(look);
      look();
    });
  const stop = async () => {
    for (const socket of open) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { port: address.port, letters, link, stop };
}

/** As much of SMTP as a client needs to hand over a mail. */
function talk(socket: Socket, keep: (letter: Letter) => void): void {
  let rest = '';
  let data: string[] | undefined;
  let to = '';
  const say = (line: string) => socket.write(`${line}\r\n`);
  const command = (line: string) => {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'QUIT') {
      say('221 goodbye');
      socket.end();
    } else if (verb === 'DATA') {
      data = [];
      say('354 go on');
    } else {
      if (verb === 'RCPT') to = /<([^>]*)>/.exec(line)?.[1] ?? '';
      say('250 fine');
    }
  };
  say('220 mail for the tests');
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    rest += chunk;
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (!data) command(line);
      else if (line !== '.') data.push(line.replace(/^\.\./, '.'));
      else {
        keep(letterOf(to, data.join('\n')));
        data = undefined;
        say('250 kept');
      }
    }
  });
}

/** Line ends that quoted-printable put in are taken out, and its letters read back. */
function letterOf(to: string, source: string): Letter {
  const subject = /^subject: (.*)$/im.exec(source)?.[1] ?? '';
  const text = source
    .replaceAll('=\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return { to, subject, text };
}
