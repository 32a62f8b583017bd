// What screens share: a job with one bar, texts, tables and pictures as they come, and files to take along.
import { about, ask, el, fault, news, read, renew, say } from "/static/words.js";
import { keep } from "/static/page.js";

// Run a job and show how far it is; `done` is called with its last news.
export function job(path, begin, done) {
  let own = null;
  const status = el("div", { class: "bar" });
  const spoken = el("p", { class: "unseen", role: "status" });
  const wrong = el("p", { class: "wrong", role: "alert", tabindex: "-1" });

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
    renew(status, bar, text, el("button", { type: "button", class: "small", onclick: () => {
      stop();
      spoken.textContent = say("screen.cancelled");
      renew(status, el("span", {}, say("screen.cancelled")));
    } }, say("bench.cancel")));
    begin();
    try {
      for await (const item of news(path, body, mine.signal)) {
        if (mine !== own) return;
        if (item.compiling) text.textContent = say("bench.compiling", { seconds: item.compiling });
        if (item.total) {
          bar.max = item.total;
          bar.value = item.done;
          const left = Math.ceil((performance.now() - begun) / 1000 / item.done * (item.total - item.done));
          text.textContent = `${say("bench.running", item)}, ${say("bench.left", { seconds: left })}`;
        }
        if (item.blocks) {
          const seconds = Math.round((performance.now() - begun) / 1000);
          spoken.textContent = say("screen.done", { seconds });
          renew(status, el("span", { class: "quiet" }, say("screen.done", { seconds })));
          done(item);
        }
      }
    } catch (error) {
      if (error.name !== "AbortError" && mine === own) {
        const held = status.contains(document.activeElement);
        wrong.textContent = fault(error);
        status.replaceChildren();
        if (held) wrong.focus();
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

// What makes figures again: the files of a state as `/api/scenario` writes them, where there are any, then the command
// and the lines of Python, which name them.
export function recipe(out) {
  const file = (name, type, text, words) =>
    [el("a", { class: "button", download: name, href: `data:${type};charset=utf-8,${encodeURIComponent(text)}` }, words), " "];
  const shown = (label, text) => [el("h3", {}, label), el("pre", { tabindex: "0", "aria-label": label }, text)];
  const files = [
    out.toml && file(out.file, "application/toml", out.toml, say("again.download")),
    out.prices && file(out.pricesFile, "application/toml", out.prices, say("again.prices")),
    out.list && file(out.listFile, "text/csv", out.list, say("again.list"))].filter(Boolean);
  return [...(files.length ? [el("p", {}, say("again.about")), el("p", {}, files.flat())] : []),
    ...shown(say("again.command"), out.command), ...shown(say("again.python"), out.python), ...(out.toml ? shown(out.file, out.toml) : [])];
}

// The recipe of an answer; its files are asked for where it is read. Without a state it is of the base alone.
export function again(item, state = null) {
  if (!item.again) return "";
  const { command } = item.again;
  const own = state && !unchanged(state);
  const wrong = el("p", { class: "wrong", role: "alert" });
  const body = el("div", {}, recipe(item.again));
  let asked = !own && !state?.prices;
  return el("details", { ontoggle: async () => {
    if (asked) return;
    asked = true;
    wrong.textContent = "";
    try {
      const out = await ask("/api/scenario", { state });
      // A shipped scenario and the base's own prices stand by their names: only what the command names is to be kept.
      const scenario = own && command.includes(out.file);
      renew(body, ...recipe({ ...out, ...item.again, toml: scenario && out.toml, list: scenario && out.list,
        prices: out.prices && command.includes(out.pricesFile) && out.prices }));
    } catch (error) {
      asked = false;
      wrong.textContent = fault(error);
    }
  } }, el("summary", {}, say("again")), wrong, body);
}

// A field for a file in the page's own language: browsers name theirs in their own. Where a file is taken as soon as it
// is chosen, one that was mended may be chosen again: browsers tell of that only where the field was emptied before.
// Elsewhere it can be let go again, which not every browser's own field offers.
export function fileField(input, take) {
  const name = el("span", { class: "quiet" });
  const remove = el("button", { type: "button", class: "small", onclick: () => {
    input.value = "";
    input.dispatchEvent(new Event("change"));
    input.focus();
  } }, say("choose.remove"));
  const show = () => {
    const chosen = input.files[0];
    name.textContent = chosen?.name ?? say("choose.none");
    remove.classList.toggle("hidden", Boolean(take) || !chosen);
    if (chosen) remove.setAttribute("aria-label", say("choose.remove.name", { name: chosen.name }));
  };
  input.addEventListener("change", () => {
    const chosen = input.files[0];
    if (take && !chosen) return;
    show();
    take?.(chosen);
  });
  if (take) input.addEventListener("click", () => { input.value = ""; });
  show();
  return el("div", { class: "file" }, input, el("span", { class: "button", "aria-hidden": "true", onclick: () => input.click() }, say("choose")), name, remove);
}

// Keep what is filled in in a form in the address, under a key of the choice: a reload, the way back and another language
// leave it as it is. A file is not kept.
export function remembered(form, screen, choice, key) {
  const fields = [...form.querySelectorAll("input[id]:not([type=file]), select[id], textarea[id]")];
  const first = new Map(fields.map((one) => [one, one.value])), was = choice[key] ?? {};
  const selects = fields.filter((one) => one.tagName === "SELECT");
  for (const one of [...selects, ...fields.filter((field) => !selects.includes(field))]) {
    const value = was[one.id];
    if (typeof value !== "string" || (selects.includes(one) && ![...one.options].some((option) => option.value === value))) continue;
    one.value = value;
    if (selects.includes(one)) one.dispatchEvent(new Event("change")); // which fills the fields that go with it
  }
  form.addEventListener("change", () => {
    const now = fields.filter((one) => !one.disabled && one.value !== first.get(one)).map((one) => [one.id, one.value]);
    if (now.length) choice[key] = Object.fromEntries(now); else delete choice[key];
    keep(screen, choice);
  });
  return form;
}

// A link to a file that was made. The server keeps the last ones alone; of one that is gone a browser says no more than that
// nothing came, so that is said here.
export function fileLink(file, words, note) {
  let there = false;
  const link = el("a", { class: "button first", href: `/api/file/${file.token}`, download: file.name, onclick: async (event) => {
    if (there) { there = false; return; }
    event.preventDefault();
    try {
      there = (await fetch(link.href, { method: "HEAD" })).ok;
      note.textContent = there ? "" : say("report.gone");
      if (there) link.click();
    } catch (error) {
      note.textContent = fault(error);
    }
  } }, words);
  return link;
}

// A number as a field holds it: in full, and never grouped, for "1.200" is asked about.
export function written(value) {
  const text = String(value ?? "");
  return about.language === "da" ? text.replace(".", ",") : text;
}

// The number in a field, which is not below 0; the unit that stands beside the field may be written after it. Of what is none, the
// note beside the field says so; what can be two is asked about.
export function amount(field, note, unit = "") {
  const text = field.value.trim();
  const { value, twice } = read(unit && text.endsWith(unit) ? text.slice(0, -unit.length) : text);
  const wrongly = value === undefined || value < 0;
  note.textContent = !wrongly ? "" : twice ? say("bench.mean", { number: twice }) : say("bench.number");
  if (!wrongly) field.removeAttribute("aria-invalid"); else field.setAttribute("aria-invalid", "true");
  return wrongly ? undefined : value;
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

// What the scenario of a choice is called, of which the address leaves out the name that nobody has chosen.
export function nameOf(choice) {
  const preset = about.presets.find((one) => one.name === choice.preset);
  return choice.name?.trim() || preset?.title || say(choice.cases ? "list.name" : "bench.name.value");
}

// Whether a state is how things stand today.
export function unchanged({ changes, preset, own, parameters, cases }) {
  return !changes.length && !preset && !own && !parameters && !cases;
}

// What a screen is of.
export function subject(choice) {
  return unchanged(stateOf(choice, about.controls)) ? about.reference : nameOf(choice);
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
  const out = { name: nameOf(choice), changes };
  if (choice.preset) out.preset = choice.preset;
  if (choice.own) out.own = choice.own;
  if (choice.cases) Object.assign(out, { cases: choice.cases, cases_day: choice.casesDay });
  const parameters = Object.entries(choice.parameters ?? {});
  if (parameters.length) out.parameters = parameters;
  const prices = Object.entries(choice.prices ?? {});
  if (prices.length) out.prices = prices;
  return out;
}
