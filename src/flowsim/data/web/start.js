// Where citizens wait now, and three ways in.
import { about, el, fault, news, number, say } from "/static/words.js";
import { address } from "/static/page.js";
import { fileField } from "/static/screens/parts.js";
import { ownList } from "/static/screens/list.js";

const MOST = 65536;

export function start(main) {
  const stop = new AbortController();
  const table = el("div", {}, el("p", {}, say("bench.waiting")));
  const preset = el("select", { id: "preset" },
    about.presets.map((one) => el("option", { value: one.name }, one.title)));
  const description = el("p", { class: "quiet" });
  const describe = () => {
    description.textContent = about.presets.find((one) => one.name === preset.value)?.about ?? "";
  };
  preset.addEventListener("change", describe);
  describe();
  const wrong = el("p", { class: "wrong", role: "alert" });
  const file = el("input", { type: "file", id: "own", accept: ".toml,.json" });
  const open = async (chosen) => {
    wrong.textContent = chosen.size > MOST ? say("too-large") : "";
    if (wrong.textContent) return;
    try {
      const text = await chosen.text();
      if (text.trim()) location.hash = address("workbench", { own: text });
      else wrong.textContent = say("start.own.empty");
    } catch { // it was written over since it was chosen
      wrong.textContent = say("list.changed");
    }
  };
  main.append(
    el("h1", {}, say("title")),
    el("p", {}, say("start.lead", { base: about.base, today: about.todayWords })),
    el("section", { class: "card", "aria-labelledby": "queues" }, el("h2", { id: "queues" }, say("start.queues")), table),
    el("h2", {}, say("start.ways")),
    el("div", { class: "ways" },
      el("section", { class: "card" }, el("h3", {}, say("start.today")), el("p", {}, say("start.today.about")),
        el("a", { class: "button first", href: address("workbench", {}) }, say("start.today"))),
      about.presets.length > 0 && el("section", { class: "card" }, el("h3", {}, say("start.preset")),
        el("label", { for: "preset" }, say("start.preset.choose")), preset, description,
        el("button", { type: "button", onclick: () => { location.hash = address("workbench", { preset: preset.value }); } },
          say("start.preset.open"))),
      ownList(),
      el("section", { class: "card" }, el("h3", {}, say("start.own")), el("p", {}, say("start.own.about")),
        el("label", { for: "own" }, say("start.own.file")), fileField(file, open), wrong)),
  );
  (async () => {
    try {
      for await (const item of news("/api/look", { state: {}, year: about.year }, stop.signal)) {
        if (item.view) table.replaceChildren(...queues(item.view));
      }
    } catch (error) {
      if (error.name !== "AbortError") table.replaceChildren(el("p", { class: "wrong" }, fault(error)));
    }
  })();
  return () => stop.abort();
}

function queues(view) {
  const [year, month] = about.today.split("-").map(Number);
  const [first, since] = view.way.first.split("-").map(Number);
  const months = view.way.months;
  const now = Math.min(Math.max((year - first) * 12 + month - since - 1, 0), months.length - 1);
  const then = Math.min((about.year - first) * 12 + 12 - since, months.length - 1);
  const stops = about.stops.filter((stop) => stop.queues && view.way.reference[stop.name].queue);
  const longest = Math.max(...stops.map((stop) => view.way.reference[stop.name].queue[now]));
  const shown = [...new Set([now, then])]; // a run that ends in this month has no later one
  // A phone has no room for a month and its year in one line.
  const head = [say("start.stop"), ...shown.flatMap((at) =>
    ["start.waiting", "start.wait"].map((key) => say(key, { month: months[at].replace("\u00a0", " ") })))];
  return [
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "queues" }, el("table", {},
      el("thead", {}, el("tr", {}, head.map((text, place) => el("th", { scope: "col", class: place && "number" }, text)))),
      el("tbody", {}, stops.map((stop) => {
        const { queue, wait } = view.way.reference[stop.name];
        const mark = queue[now] === longest && longest > 0 && el("span", { class: "bad" }, ` (${say("start.longest")})`);
        return el("tr", {}, el("th", { scope: "row" }, stop.title, mark), shown.flatMap((at) =>
          [el("td", { class: "number" }, number(queue[at], 0)), el("td", { class: "number" }, number(wait[at], 1))]));
      })))),
    el("p", { class: "quiet" }, say("start.basis", { replications: view.replications })),
  ];
}
