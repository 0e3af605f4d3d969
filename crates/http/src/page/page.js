const element = (id) => document.getElementById(id);

async function showState() {
  const state = element("state");
  try {
    const ready = await fetch("/readyz");
    const { missing } = await ready.json();
    state.textContent = ready.ok ? "is up and ready" : `is up, but not ready: ${missing}`;
    state.dataset.state = ready.ok ? "up" : "down";
  } catch {
    state.textContent = "does not answer";
    state.dataset.state = "down";
  }
}

async function showFacts() {
  const facts = await (await fetch("/page.json")).json();
  element("facts").replaceChildren(...facts.map(({ name, value, state }) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    const cell = document.createElement("td");
    cell.dataset.state = state;
    cell.textContent = value;
    row.append(head, cell);
    return row;
  }));
}

async function mint() {
  const button = element("mint");
  const answer = element("answer");
  button.disabled = true;
  try {
    const response = await fetch("/api/chatkit/session", { method: "POST" });
    const body = await response.json();
    answer.textContent = `${response.status}\n${JSON.stringify(body, null, 2)}`;
  } catch (error) {
    answer.textContent = `The server does not answer (${error.message}). Is it still running?`;
  } finally {
    answer.hidden = false;
    button.disabled = false;
  }
}

/** The page's own tool, which the demo calls. */
function tool({ name, params }) {
  if (name === "get_page_title") return { title: document.title };
  return { name, params, answered_by: "the page" };
}

function options(scheme) {
  return {
    api: { url: "/chatkit", domainKey: "local" },
    theme: { colorScheme: scheme, radius: "round", color: { accent: { primary: scheme === "dark" ? "#70b8ff" : "#0b62d6", level: 1 } } },
    startScreen: {
      greeting: "What would you like to see?",
      prompts: [
        { label: "Markdown, code and formulas", prompt: "Show me markdown", icon: "square-code" },
        { label: "How it shows its reasoning", prompt: "Show me reasoning", icon: "lightbulb" },
        { label: "Sources", prompt: "Show me sources", icon: "globe" },
        { label: "A form that acts", prompt: "Show me a widget", icon: "square-text" },
        { label: "A tool that runs in this page", prompt: "Show me a tool", icon: "bolt" },
        { label: "Questions", prompt: "Show me questions", icon: "circle-question" },
      ],
    },
    threadItemActions: { feedback: true, retry: true },
    onClientTool: tool,
  };
}

function startChat() {
  const chat = element("chat");
  const button = element("scheme");
  let scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const show = () => {
    document.documentElement.dataset.scheme = scheme;
    button.setAttribute("aria-pressed", String(scheme === "dark"));
    chat.setOptions(options(scheme));
  };
  button.addEventListener("click", () => {
    scheme = scheme === "dark" ? "light" : "dark";
    show();
  });
  show();
}

function showSnippet() {
  const { origin } = location;
  element("snippet").textContent = `<script src="${origin}/chatkit.js" async></script>
<openai-chatkit id="chat" style="display: block; height: 600px"></openai-chatkit>
<script type="module">
  await customElements.whenDefined("openai-chatkit");
  document.getElementById("chat").setOptions({
    api: { url: "${origin}/chatkit", domainKey: "any" },
  });
</script>`;
  element("copy").addEventListener("click", () => navigator.clipboard.writeText(element("snippet").textContent));
}

element("mint").addEventListener("click", mint);
showSnippet();
customElements.whenDefined("openai-chatkit").then(startChat);
addEventListener("load", () => {
  if (customElements.get("openai-chatkit")) return;
  element("no-chat").hidden = false;
  element("chat").hidden = true;
});
showState();
showFacts();
