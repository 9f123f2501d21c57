import dgram from 'node:dgram';
import { once } from 'node:events';

export interface Datagram {
  readonly data: Uint8Array;
  readonly port: number;
}

/** A real UDP socket on 127.0.0.1 that hands out what it heard, one datagram at a time. */
export class UdpClient {
  readonly #socket: dgram.Socket;
  readonly #heard: Datagram[] = [];
  readonly #waiting: ((datagram: Datagram) => void)[] = [];

  static async open(): Promise<UdpClient> {
    const socket = dgram.createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new UdpClient(socket);
  }

  private constructor(socket: dgram.Socket) {
    this.#socket = socket;
    socket.on('message', (data, { port }) => {
      const datagram = { data: new Uint8Array(data), port };
      const waiter = this.#waiting.shift();
      if (waiter === undefined) this.#heard.push(datagram);
      else waiter(datagram);
    });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Heard and not yet asked for. */
  get unread(): number {
    return this.#heard.length;
  }

  send(data: Uint8Array, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(data, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
    });
  }

  next(): Promise<Datagram> {
    const heard = this.#heard.shift();
    return heard === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(heard);
  }

  close(): void {
    this.#socket.close();
  }
}
