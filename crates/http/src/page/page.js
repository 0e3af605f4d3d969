import { saw, startTour } from "./page-tour.js";

const element = (id) => document.getElementById(id);

async function showState() {
  const state = element("state");
  try {
    const ready = await fetch("/readyz");
    const { missing } = await ready.json();
    state.textContent = ready.ok ? "up and ready" : `up, but not ready: ${missing}`;
    state.dataset.state = ready.ok ? "up" : "down";
  } catch {
    state.textContent = "does not answer";
    state.dataset.state = "down";
  }
}

async function fill() {
  const { facts, element: pinned } = await configured();
  element("facts").replaceChildren(...facts.map(row));
  element("pin-choice").hidden = pinned === null;
  const pin = element("pin");
  pin.addEventListener("change", () => showSnippet(pin.checked ? pinned : null));
  pin.disabled = false;
}

/** What the server says of itself; else that it does not. */
async function configured() {
  try {
    const response = await fetch("/page.json");
    if (!response.ok) throw new Error(`${response.status}`);
    return await response.json();
  } catch (error) {
    const value = `does not say (${error.message}). If it is still running, reload this page.`;
    return { facts: [{ name: "The server", value, state: "missing" }], element: null };
  }
}

function row({ name, value, state }) {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  const cell = document.createElement("td");
  cell.dataset.state = state;
  cell.textContent = value;
  row.append(head, cell);
  return row;
}

/** The snippet for one's own page. `pinned`: the script's address and hash, for a page that takes no other. */
function showSnippet(pinned) {
  const { origin } = location;
  const script = pinned === null
    ? `<script src="${origin}/chatkit.js" async></script>`
    : `<script src="${origin}${pinned.path}"\n  integrity="${pinned.integrity}" crossorigin="anonymous" async></script>`;
  element("snippet").textContent = `${script}
<openai-chatkit id="chat" style="display: block; height: 600px"></openai-chatkit>
<script type="module">
  await customElements.whenDefined("openai-chatkit");
  document.getElementById("chat").setOptions({
    api: { url: "${origin}/chatkit", domainKey: "any" },
  });
</script>`;
}

async function copySnippet({ currentTarget: button }) {
  try {
    await navigator.clipboard.writeText(element("snippet").textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(element("snippet"));
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

async function mint() {
  const button = element("mint");
  const answer = element("answer");
  button.disabled = true;
  try {
    const response = await fetch("/api/chatkit/session", { method: "POST" });
    answer.textContent = `${response.status}\n${indented(await response.text())}`;
  } catch (error) {
    answer.textContent = `The server does not answer (${error.message}). Is it still running?`;
  } finally {
    answer.hidden = false;
    button.disabled = false;
  }
}

/** JSON line by line; what a proxy says as it is. */
function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The page's own tool, which the demo calls. */
function tool({ name, params }) {
  if (name === "get_page_title") return { title: document.title };
  return { name, params, answered_by: "the page" };
}

/** What the chat asks the server, on its way past the tour. */
async function watchedFetch(input, init) {
  const response = await fetch(input, init);
  if (response.ok && typeof init?.body === "string") saw(JSON.parse(init.body));
  return response;
}

function options(scheme) {
  return {
    api: { url: "/chatkit", domainKey: "local", fetch: watchedFetch, uploadStrategy: { type: "two_phase" } },
    theme: {
      colorScheme: scheme,
      radius: "round",
      color: { accent: { primary: scheme === "dark" ? "#91a7ff" : "#3b5bdb", level: 1 }, grayscale: { hue: 265, tint: 2 } },
    },
    startScreen: {
      greeting: "What would you like to see?",
      prompts: [
        { label: "Markdown, code and formulas", prompt: "Show me markdown", icon: "square-code" },
        { label: "How it comes to an answer", prompt: "Show me reasoning", icon: "lightbulb" },
        { label: "A form that acts", prompt: "Show me a form", icon: "square-text" },
        { label: "Questions that it asks", prompt: "Show me questions", icon: "circle-question" },
      ],
    },
    composer: { attachments: { enabled: true, maxSize: 20 * 1024 * 1024, maxCount: 5 } },
    threadItemActions: { feedback: true, retry: true },
    disclaimer: { text: "Scripted answers. Nothing leaves this machine." },
    onClientTool: tool,
  };
}

function startChat() {
  const chat = element("chat");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const chosen = element("scheme").querySelector(":checked").value;
    const scheme = chosen === "system" ? (system.matches ? "dark" : "light") : chosen;
    document.documentElement.dataset.scheme = scheme;
    chat.setOptions(options(scheme));
  };
  element("scheme").addEventListener("change", show);
  system.addEventListener("change", show);
  show();
  startTour(chat);
}

element("mint").addEventListener("click", mint);
element("copy").addEventListener("click", copySnippet);
showSnippet(null);
customElements.whenDefined("openai-chatkit").then(startChat);
addEventListener("load", () => {
  if (customElements.get("openai-chatkit")) return;
  element("no-chat").hidden = false;
  element("chat").hidden = true;
});
showState();
fill();
