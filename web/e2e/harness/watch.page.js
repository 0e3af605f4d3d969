// Runs in every page of a test that says what it exercises, before the page's own scripts: tells the test which options the
// element read (functions: called), which methods were called with what, and which events it sent.
(() => {
  const told = new Set();
  const tell = (name) => {
    if (told.has(name)) return;
    told.add(name);
    window.tellExercised(name);
  };

  const proxies = new WeakMap();
  const isHolder = (value) => Array.isArray(value) || Object.getPrototypeOf(value ?? 0) === Object.prototype;

  /** The same value, which tells what is read of it. Lists are as if they were not there: `composer.tools.label`. */
  function watched(value, path) {
    if (typeof value === 'function') {
      return function (...args) {
        tell(path);
        return value.apply(this, args);
      };
    }
    if (!isHolder(value)) return value;
    if (!proxies.has(value)) proxies.set(value, new Proxy(value, { get: (holder, key) => read(holder, key, path) }));
    return proxies.get(value);
  }

  function read(holder, key, path) {
    const value = holder[key];
    if (typeof key !== 'string' || value === undefined) return value;
    if (Array.isArray(holder)) return /^\d+$/.test(key) ? watched(value, path) : value;
    const below = path === '' ? key : `${path}.${key}`;
    if (typeof value !== 'function') tell(below);
    return watched(value, below);
  }

  function watchMethods(prototype) {
    for (const [name, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof method !== 'function' || name === 'constructor') continue;
      prototype[name] = function (first, ...rest) {
        tell(`${name}()`);
        const isParams = isHolder(first) && name !== 'setOptions';
        if (isParams) for (const key of Object.keys(first)) if (first[key] !== undefined) tell(`${name}(${key})`);
        return method.call(this, name === 'setOptions' ? watched(first, '') : first, ...rest);
      };
    }
  }

  function watchEvents() {
    const { addEventListener, removeEventListener, dispatchEvent } = EventTarget.prototype;
    const isChat = (target) => target?.localName === 'openai-chatkit';
    EventTarget.prototype.addEventListener = function (type, ...rest) {
      if (isChat(this)) tell('addEventListener()');
      return addEventListener.call(this, type, ...rest);
    };
    EventTarget.prototype.removeEventListener = function (...args) {
      if (isChat(this)) tell('removeEventListener()');
      return removeEventListener.apply(this, args);
    };
    EventTarget.prototype.dispatchEvent = function (event) {
      if (isChat(this)) tell(event.type);
      return dispatchEvent.call(this, event);
    };
  }

  watchEvents();
  const { define } = CustomElementRegistry.prototype;
  customElements.define = function (name, element, ...rest) {
    if (name === 'openai-chatkit') watchMethods(element.prototype);
    define.call(this, name, element, ...rest);
  };
})();
