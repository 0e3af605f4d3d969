// The guided demo: steps that do something in the chat, and light up when the chat has really done it, however it
// came to do so. What the chat did is read from what it asks the server.

const said = (word) => ({ type, params }) =>
  (type === "threads.create" || type === "threads.add_user_message")
  && params.input.content.some(({ text }) => text.toLowerCase().includes(word));

const asks = (wanted) => ({ type }) => type === wanted;

/** `run`: what a click does, where the page can do it. `isDone`: which request says that it was done. */
const STEPS = [
  { title: "Markdown, code, maths", how: "Drawn while it is written.", run: say("Show me markdown"), isDone: said("markdown") },
  { title: "Sources", how: "Marks lead to where it was read.", run: say("Show me sources"), isDone: said("sources") },
  { title: "Reasoning", how: "Open while it thinks, folded afterwards.", run: say("Show me reasoning"), isDone: said("reasoning") },
  { title: "A form", how: "Fill it in and press Book.", run: say("Show me a form"), isDone: asks("threads.custom_action") },
  { title: "A client tool", how: "The answer waits for this page.", run: say("Show me a tool"), isDone: asks("threads.add_client_tool_output") },
  { title: "An upload", how: "A picture in the composer. Press Send.", run: attachPicture, isDone: (asked) => asked.params?.input?.attachments?.length > 0 },
  { title: "Feedback", how: "A thumb below the last answer.", isDone: asks("items.feedback") },
  { title: "Retry", how: "The round arrow beside it.", isDone: asks("threads.retry_after_item") },
  { title: "History", how: "All conversations: rename, delete.", run: (chat) => chat.showHistory(), isDone: asks("threads.list") },
  { title: "Dark mode", how: "The whole theme is an option.", run: turnDark, isDone: () => false },
];

let isAnswering = false;
/** Steps whose answer is still being given. */
const running = new Set();

export function startTour(chat) {
  document.getElementById("steps").replaceChildren(...STEPS.map((step, at) => draw(chat, step, at)));
  chat.addEventListener("chatkit.response.start", () => setAnswering(true));
  chat.addEventListener("chatkit.response.end", () => setAnswering(false));
  document.getElementById("scheme").addEventListener("change", () => {
    if (document.documentElement.dataset.scheme === "dark") mark(STEPS.at(-1), "done");
  });
  showProgress();
}

/** The chat has asked the server something, and was answered. */
export function saw(asked) {
  for (const step of STEPS) {
    if (!step.isDone(asked)) continue;
    if (isAnswering) running.add(step);
    mark(step, isAnswering ? "running" : "done");
  }
}

function setAnswering(answering) {
  isAnswering = answering;
  for (const button of document.querySelectorAll("#steps button[data-says]")) button.disabled = answering;
  if (answering) return;
  for (const step of running) mark(step, "done");
  running.clear();
}

function draw(chat, step, at) {
  const line = document.createElement("li");
  const face = document.createElement(step.run === undefined ? "div" : "button");
  if (step.run === undefined) face.className = "hint";
  else {
    face.type = "button";
    face.toggleAttribute("data-says", step.run.says === true);
    face.addEventListener("click", () => run(chat, step));
  }
  const sign = text("span", String(at + 1), "mark");
  sign.setAttribute("aria-hidden", "true");
  face.append(sign, text("strong", step.title), text("span", step.how, "how"));
  line.append(face);
  step.line = line;
  return line;
}

async function run(chat, step) {
  chat.scrollIntoView({ block: "nearest" });
  await step.run(chat);
}

function mark(step, state) {
  if (step.line === undefined || step.line.dataset.state === "done") return;
  step.line.dataset.state = state;
  if (state !== "done") return;
  step.line.querySelector(".mark").textContent = "✓";
  step.line.querySelector("strong").append(text("span", ", done", "unseen"));
  showProgress();
}

function showProgress() {
  const done = STEPS.filter((step) => step.line.dataset.state === "done").length;
  document.getElementById("progress").textContent = done === STEPS.length ? "All of it seen" : `${done} of ${STEPS.length}`;
}

function say(words) {
  const run = async (chat) => {
    await chat.hideHistory();
    await chat.sendUserMessage({ text: words });
  };
  return Object.assign(run, { says: true });
}

async function attachPicture(chat) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 480, height: 320 });
  paintSunset(canvas.getContext("2d"), canvas);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  await chat.hideHistory();
  await chat.setComposerValue({ text: "Here is a file", files: [new File([blob], "sunset.png", { type: blob.type })] });
  await chat.focusComposer();
}

function paintSunset(context, { width, height }) {
  const sky = context.createLinearGradient(0, 0, 0, height);
  for (const [at, color] of [[0, "#2b3a8c"], [0.55, "#e8590c"], [0.7, "#ffd43b"], [0.71, "#1c2a5e"], [1, "#0b1026"]]) sky.addColorStop(at, color);
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  context.fillStyle = "#fff3bf";
  context.beginPath();
  context.arc(width / 2, height * 0.7, 48, Math.PI, 0);
  context.fill();
}

function turnDark() {
  document.querySelector('#scheme [value="dark"]').click();
}

function text(name, words, className = "") {
  return Object.assign(document.createElement(name), { textContent: words, className });
}
