const server = 'http://127.0.0.1:8787';

await customElements.whenDefined('openai-chatkit');
document.getElementById('chat').setOptions({
  api: { url: `${server}/chatkit`, domainKey: 'local' },
  history: { enabled: true },
  startScreen: {
    greeting: 'Hi! How can I help you?',
    prompts: [{ label: 'What can you do?', prompt: 'What can you do?', icon: 'sparkle' }],
  },
});
