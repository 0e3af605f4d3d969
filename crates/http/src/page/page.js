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

element("mint").addEventListener("click", mint);
showState();
showFacts();
