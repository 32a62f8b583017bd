// What screens share: a job with one bar, texts, tables and pictures as they come, and files to take along.
import { ask, el, fault, news, say } from "/static/words.js";

// Run a job and show how far it is; `done` is called with its last news.
export function job(path, begin, done) {
  let own = null;
  const status = el("div", { class: "bar" });
  const spoken = el("p", { class: "hidden", role: "status" });
  const wrong = el("p", { class: "wrong", role: "alert" });

  function stop() {
    own?.abort();
    own = null;
  }

  async function start(body) {
    stop();
    const mine = own = new AbortController();
    const begun = performance.now();
    const bar = el("progress", { "aria-label": say("bench.waiting") });
    const text = el("span", {}, say("bench.waiting"));
    wrong.textContent = spoken.textContent = "";
    status.replaceChildren(bar, text, el("button", { type: "button", class: "small", onclick: () => {
      stop();
      status.replaceChildren(el("span", {}, say("screen.cancelled")));
    } }, say("bench.cancel")));
    begin();
    try {
      for await (const item of news(path, body, mine.signal)) {
        if (mine !== own) return;
        if (item.total) {
          bar.max = item.total;
          bar.value = item.done;
          const left = Math.ceil((performance.now() - begun) / 1000 / item.done * (item.total - item.done));
          text.textContent = `${say("bench.running", item)}, ${say("bench.left", { seconds: left })}`;
        }
        if (item.blocks) {
          const seconds = Math.round((performance.now() - begun) / 1000);
          spoken.textContent = say("screen.done", { seconds });
          status.replaceChildren(el("span", { class: "quiet" }, say("screen.done", { seconds })));
          done(item);
        }
      }
    } catch (error) {
      if (error.name !== "AbortError" && mine === own) {
        wrong.textContent = fault(error);
        status.replaceChildren();
      }
    }
    if (mine === own) own = null;
  }
  return { node: el("div", {}, status, spoken, wrong), start, stop };
}

export function grid(table) {
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": table.title }, el("table", {},
    el("thead", {}, el("tr", {}, table.columns.map((text, place) =>
      (text ? el("th", { scope: "col", class: table.numeric?.[place] && "number" }, text) : el("td", {}))))),
    el("tbody", {}, table.rows.map((row) => el("tr", {}, row.map((cell, place) =>
      el(place ? "td" : "th", place ? { class: table.numeric?.[place] && "number" } : { scope: "row" }, cell)))))));
}

export function blocks(list) {
  return list.flatMap((block) => {
    if (block.kind === "paragraphs") return block.lines.map((line) => el("p", {}, line));
    if (block.kind === "points") return el("ul", {}, block.lines.map((line) => el("li", {}, line)));
    if (block.kind === "command") return block.lines.map((line) => el("pre", { tabindex: "0", "aria-label": say("again.command") }, line));
    if (block.kind === "table") return [el("h3", {}, block.title), grid(block), block.note && el("p", { class: "quiet" }, block.note)].filter(Boolean);
    return [el("figure", {}, el("figcaption", {}, block.title), el("img", { src: block.picture, alt: block.alternative })),
      el("details", {}, el("summary", {}, say("time.table")), grid(block.table), block.table.note && el("p", { class: "quiet" }, block.table.note))];
  });
}

// The command and the lines of Python that ask the same question again, and the scenario that they name.
export function again(item, state) {
  if (!item.again) return "";
  const shown = (label, text) => [el("h3", {}, label), el("pre", { tabindex: "0", "aria-label": label }, text)];
  const own = state.changes.length || state.own || state.parameters;
  const wrong = el("p", { class: "wrong", role: "alert" });
  const download = el("button", { type: "button", onclick: async () => {
    try {
      const out = await ask("/api/scenario", { state });
      el("a", { download: out.file, href: `data:application/toml;charset=utf-8,${encodeURIComponent(out.toml)}` }).click();
    } catch (error) { wrong.textContent = fault(error); }
  } }, say("again.download"));
  return el("details", {}, el("summary", {}, say("again")), own && el("p", {}, download), wrong,
    shown(say("again.command"), item.again.command), shown(say("again.python"), item.again.python));
}

// A field for a file in the page's own language: browsers name theirs in their own.
export function fileField(input) {
  const name = el("span", { class: "quiet" }, say("choose.none"));
  input.addEventListener("change", () => { name.textContent = input.files[0]?.name ?? say("choose.none"); });
  return el("div", { class: "file" }, input, el("span", { class: "button", "aria-hidden": "true", onclick: () => input.click() }, say("choose")), name);
}

export async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

export async function take(path, body) {
  const out = await ask(path, body);
  const link = el("a", { href: `/api/file/${out.token}`, download: out.name });
  link.click();
}

// What a question is about: the state that the workbench's address holds.
export function stateOf(choice, controls) {
  const changes = [];
  for (const one of controls) {
    const value = choice.values?.[one.name];
    if (value !== undefined) changes.push({ control: one.name, value: String(value) });
  }
  for (const row of choice.rows ?? []) {
    if (row.control) changes.push({ control: row.control, value: row.value, since: row.since, through: row.through });
  }
  const out = { changes };
  if (choice.name) out.name = choice.name;
  if (choice.preset) out.preset = choice.preset;
  if (choice.own) out.own = choice.own;
  if (choice.cases) Object.assign(out, { cases: choice.cases, cases_day: choice.casesDay });
  const parameters = Object.entries(choice.parameters ?? {});
  if (parameters.length) out.parameters = parameters;
  const prices = Object.entries(choice.prices ?? {});
  if (prices.length) out.prices = prices;
  return out;
}
