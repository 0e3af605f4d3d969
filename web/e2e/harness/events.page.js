// Runs in every page before its own scripts: remembers the events of the chats on it, and when they came.
(() => {
  const NAMES = [
    'ready', 'error', 'effect', 'deeplink', 'response.start', 'response.end', 'history.open', 'history.close', 'thread.change',
    'thread.load.start', 'thread.load.end', 'tool.change', 'log',
  ];
  globalThis.chatkitEvents = [];
  const remember = ({ type: name, target, detail }) => chatkitEvents.push({ name, target, detail, at: Date.now() });
  // They do not bubble; on their way down everybody sees them.
  for (const name of NAMES) addEventListener(`chatkit.${name}`, remember, true);
})();
