/** Node's diagnostics channels, on which HTTP clients say what they do. */

import { type Channel, channel } from "node:diagnostics_channel";

import { quietly } from "../log.js";

/** Before Node 20 a channel that nobody holds is forgotten, and its listeners with it. */
const held: Channel[] = [];

/** What `listener` throws goes nowhere: Node would end the process with it. */
export function on<Message>(name: string, listener: (message: Message) => void): void {
  const listened = channel(name);
  held.push(listened);
  listened.subscribe((message) => quietly(() => listener(message as Message)));
}
