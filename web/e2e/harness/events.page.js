// Runs in every page before its own scripts: remembers the events of the chats on it, and when they came.
(() => {
  const NAMES = [
    'ready', 'error', 'effect', 'deeplink', 'response.start', 'response.end', 'history.open', 'history.close', 'thread.change',
    'thread.load.start', 'thread.load.end', 'tool.change', 'log',
  ];
  globalThis.chatkitEvents = [];
  let last = 0;
  const remember = ({ type: name, target, detail }) => {
    // No two have the same time: it tells which of them came first.
    last = Math.max(Date.now(), last + 0.001);
    chatkitEvents.push({ name, target, detail, at: last });
  };
  // They do not bubble; on their way down everybody sees them.
  for (const name of NAMES) addEventListener(`chatkit.${name}`, remember, true);
})();
