// A store in memory: maps by owner; insertion order is the order of lists.
import { Store } from 'chatkit-node-backend-sdk';

const mapIn = (maps, key) => maps.get(key) ?? maps.set(key, new Map()).get(key);

const found = (value, id) => {
  if (value === undefined) throw new Error(`not found: ${id}`);
  return value;
};

const pageOf = (rows, limit, after, order) => {
  const all = order === 'asc' ? [...rows] : [...rows].reverse();
  const start = after ? all.findIndex((row) => row.id === after) + 1 : 0;
  const data = all.slice(start, start + limit);
  const more = start + limit < all.length;
  return { data, has_more: more, after: more ? data.at(-1).id : null };
};

export class MemoryStore extends Store {
  #threads = new Map();
  #items = new Map();

  #threadsOf(context) {
    return mapIn(this.#threads, context.user);
  }

  #itemsOf(thread, context) {
    return mapIn(this.#items, `${context.user}/${thread}`);
  }

  async loadThread(id, context) {
    return structuredClone(found(this.#threadsOf(context).get(id), id));
  }

  async saveThread(thread, context) {
    this.#threadsOf(context).set(thread.id, structuredClone(thread));
  }

  async loadThreads(limit, after, order, context) {
    return pageOf(this.#threadsOf(context).values(), limit, after, order);
  }

  async loadThreadItems(thread, after, limit, order, context) {
    return pageOf(this.#itemsOf(thread, context).values(), limit, after, order);
  }

  async addThreadItem(thread, item, context) {
    this.#itemsOf(thread, context).set(item.id, item);
  }

  async saveItem(thread, item, context) {
    this.#itemsOf(thread, context).set(item.id, item);
  }

  async loadItem(thread, id, context) {
    return found(this.#itemsOf(thread, context).get(id), id);
  }
}
