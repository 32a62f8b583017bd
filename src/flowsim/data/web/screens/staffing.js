// The staffing finder: one sentence with fields; the answer large, and what it takes from other queues beside it.
import { about, el, number, read, say } from "/static/words.js";
import { address } from "/static/page.js";
import { again, blocks, job, stateOf } from "/static/screens/parts.js";

export function staffing(main, choice) {
  const levers = about.controls.filter((one) => one.kind === "lever");
  const pick = (id, options, value) => el("select", { id }, options.map(([key, text]) =>
    el("option", { value: key, selected: key === value }, text)));
  const first = pick("lever", about.levers.map((one) => [one.name, one.title]));
  const second = pick("lever2", [["", say("staffing.alone")], ...about.levers.map((one) => [one.name, one.title])], "");
  const field = (id, value) => el("input", { id, inputmode: "decimal", autocomplete: "off", value, size: 5 });
  const goal = pick("goal", about.goals.map((one) => [one.name, one.title]));
  const bound = field("bound", "");
  const also = pick("also", [["", say("staffing.none")], ...about.goals.map((one) => [one.name, one.title])], about.goals[1]?.name ?? "");
  const alsoBound = field("also-bound", "");
  const year = pick("during", about.years.map((one) => [String(one), String(one)]), String(about.year));
  const chance = pick("chance", [["80%", say("staffing.years")], ["", say("staffing.mean")]], "80%");
  const spans = [[first, field("least", ""), field("most", "")], [second, field("least2", ""), field("most2", "")]];
  const unit = el("span", {}), alsoUnit = el("span", {});
  const out = el("div", { "aria-live": "polite" });

  const of = (list, select) => list.find((one) => one.name === select.value);
  // Each goal fills its own bound: what was typed at the other stays.
  function fill() {
    const one = of(about.goals, goal);
    bound.value = number(one.value);
    unit.textContent = one.unit;
  }
  function fillAlso() {
    const two = of(about.goals, also);
    alsoBound.value = two ? number(two.value) : "";
    alsoBound.disabled = !two;
    alsoUnit.textContent = two?.unit ?? "";
  }
  function bounds([select, least, most]) {
    const one = of(about.levers, select);
    least.value = one?.least ?? "";
    most.value = one?.most ?? "";
    least.disabled = most.disabled = !one;
  }
  goal.addEventListener("change", fill);
  also.addEventListener("change", fillAlso);
  for (const span of spans) {
    span[0].addEventListener("change", () => bounds(span));
    bounds(span);
  }
  fill();
  fillAlso();

  const work = job("/api/staffing", () => out.replaceChildren(), (item) => {
    const use = (levels) => {
      const values = { ...choice.values };
      [first, second].filter((select) => select.value).forEach((select, place) => {
        for (const name of of(about.levers, select).controls) values[name] = levels[place];
      });
      return address("workbench", { ...choice, values, unlocked: true, year: Number(year.value) });
    };
    const named = (levels) => levels.map((level) => number(level)).join(" · ");
    const button = (levels) => el("a", { class: "button", href: use(levels) }, say("staffing.use", { levels: named(levels) }));
    // Each pair that was tried: whether it meets the goals, by sign and colour, and what it costs; a click takes it to
    // the workbench. Where the scenario itself and the answer stand is marked, tried or not.
    const map = () => {
      const same = (one, two) => one && two && one[0] === two[0] && one[1] === two[1];
      const cells = [...item.map, ...(item.map.some((one) => same(one.levels, item.today.levels)) ? [] : [item.today])];
      const columns = [...new Set(cells.map((one) => one.levels[0]))].sort((a, b) => a - b);
      const rows = [...new Set(cells.map((one) => one.levels[1]))].sort((a, b) => b - a);
      const sign = { meets: "✓", close: "?", misses: "✗" };
      const cell = (pair) => {
        const one = cells.find((each) => same(each.levels, pair));
        if (!one) return el("td", {});
        const now = same(pair, item.today.levels), best = same(pair, item.cheapest);
        const least = item.levels.some((each) => same(each, pair));
        const cost = one.cost && `${one.cost} ${item.currency}`;
        const words = [say(`staffing.${one.verdict}`), now && say("staffing.map.today"), best && say("staffing.map.cheapest"), !best && least && say("staffing.map.least"), cost];
        return el("td", { class: [now && "now", (best || least) && "least"].filter(Boolean).join(" ") },
          el("a", { class: one.verdict, href: use(pair), "aria-label": `${named(pair)}: ${words.filter(Boolean).join(", ")}`, title: words.filter(Boolean).join(", ") },
            el("b", {}, sign[one.verdict], best && " ★", now && " ●"), one.cost && el("small", {}, one.cost)));
      };
      return [el("h3", { id: "map" }, say("staffing.map")), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "map" }, el("table", { class: "map" },
        el("caption", {}, say("staffing.map.about", { row: item.levers[1], column: item.levers[0] })),
        el("thead", {}, el("tr", {}, el("td", {}), columns.map((one) => el("th", { scope: "col", class: one === item.today.levels[0] && "now" }, number(one))))),
        el("tbody", {}, rows.map((row) => el("tr", {}, el("th", { scope: "row", class: row === item.today.levels[1] && "now" }, number(row)),
          columns.map((column) => cell([column, row]))))))),
      el("p", { class: "quiet" }, say("staffing.map.signs"), item.currency && ` ${say("staffing.map.cost", { currency: item.currency })}`)];
    };
    const large = item.levels.length === 1 && item.levels[0].length === 1;
    out.replaceChildren(el("section", { class: "card", "aria-labelledby": "found" },
      el("h2", { id: "found" }, say("staffing.answer")), el("p", { class: "quiet" }, item.title),
      large && el("p", { class: "answer" }, `${number(item.levels[0][0])} `, el("span", {}, item.levers[0])),
      item.levels.length > 1 && el("p", {}, item.levers.join(" · ")),
      el("div", { class: "bar" }, item.levels.map(button)), item.map && map(), blocks(item.blocks), again(item, stateOf(choice, about.controls))));
  });

  function text(list, select, input) {
    const one = of(list, select), { value } = read(input.value);
    return one && value !== undefined ? one.text.replace("{value}", String(value)) : null;
  }

  function ask(event) {
    event.preventDefault();
    const goals = [text(about.goals, goal, bound), also.value && text(about.goals, also, alsoBound)].filter(Boolean);
    const varied = spans.filter(([select]) => select.value);
    const vary = varied.map(([select]) => select.value);
    const between = varied.map(([, least, most]) => `${least.value} ${most.value}`);
    work.start({ state: stateOf(choice, about.controls), form: { goals, vary, between, during: year.value, chance: chance.value } });
  }

  const [[, least, most], [, least2, most2]] = spans;
  const labelled = (id, key, ...inputs) => el("div", { class: "field" }, el("label", { for: id }, say(key)), ...inputs);
  main.append(el("h1", {}, say("staffing.title")), el("p", {}, say("staffing.about")),
    el("p", { class: "quiet" }, say("screen.of", { name: choice.name ?? about.reference })),
    levers.length && about.goals.length
      ? el("form", { class: "card sentence wide", onsubmit: ask },
        labelled("lever", "staffing.least-of", first),
        labelled("least", "staffing.between", least, " ", el("label", { class: "inline", for: "most" }, say("staffing.most")), " ", most),
        labelled("lever2", "staffing.with", second),
        labelled("least2", "staffing.between", least2, " ", el("label", { class: "inline", for: "most2" }, say("staffing.most")), " ", most2),
        labelled("goal", "staffing.so-that", goal, bound, " ", unit), el("label", { class: "unseen", for: "bound" }, say("staffing.bound")),
        labelled("also", "staffing.and", also, alsoBound, " ", alsoUnit), el("label", { class: "unseen", for: "also-bound" }, say("staffing.bound")),
        labelled("during", "staffing.in", year), labelled("chance", "staffing.kept", chance),
        el("p", {}, el("button", { class: "first", type: "submit" }, say("staffing.find"))))
      : el("p", { class: "hint" }, say("staffing.nothing")),
    work.node, out);
  return () => work.stop();
}
