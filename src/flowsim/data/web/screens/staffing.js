// The staffing finder: one sentence with fields; the answer large, and what it takes from other queues beside it.
import { about, el, number, say } from "/static/words.js";
import { address } from "/static/page.js";
import { again, amount, blocks, job, remembered, stateOf, subject, written } from "/static/screens/parts.js";

export function staffing(main, choice) {
  const levers = about.controls.filter((one) => one.kind === "lever");
  const pick = (id, options, value) => el("select", { id }, options.map(([key, text]) =>
    el("option", { value: key, selected: key === value }, text)));
  const first = pick("lever", about.levers.map((one) => [one.name, one.title]));
  const second = pick("lever2", [["", say("staffing.alone")], ...about.levers.map((one) => [one.name, one.title])], "");
  const field = (id) => el("input", { id, inputmode: "decimal", autocomplete: "off", size: 5, "aria-describedby": `${id}-note`,
    oninput: (event) => clear(event.target) });
  const goal = pick("goal", about.goals.map((one) => [one.name, one.title]));
  const bound = field("bound");
  const also = pick("also", [["", say("staffing.none")], ...about.goals.map((one) => [one.name, one.title])], about.goals[1]?.name ?? "");
  const alsoBound = field("also-bound");
  const year = pick("during", about.years.map((one) => [String(one), String(one)]), String(about.year));
  const chance = pick("chance", [["80%", say("staffing.years")], ["", say("staffing.mean")]], "80%");
  const spans = [[first, field("least"), field("most")], [second, field("least2"), field("most2")]];
  const unit = el("span", {}), alsoUnit = el("span", {});
  // Beside the number, for on a phone the end of a long title is cut off.
  const sense = el("span", {}), alsoSense = el("span", {});
  const out = el("div", {});
  const notes = new Map([bound, alsoBound, ...spans.flatMap(([, ...both]) => both)].map((input) =>
    [input, el("p", { class: "wrong", role: "alert", id: `${input.id}-note` })]));
  // Said when it is asked and cleared while typing, so that the button never moves away below a click.
  const beside = new Map([[bound, unit], [alsoBound, alsoUnit]]);
  const check = (input) => amount(input, notes.get(input), beside.get(input)?.textContent);
  const clear = (input) => {
    input.removeAttribute("aria-invalid");
    notes.get(input).textContent = "";
  };
  let asked = null;

  const of = (list, select) => list.find((one) => one.name === select.value);
  function put(input, value) {
    input.value = written(value);
    input.disabled = value === undefined;
    clear(input);
  }
  // Each goal fills its own bound: what was typed at the other stays.
  function fill() {
    const one = of(about.goals, goal);
    put(bound, one?.value);
    unit.textContent = one?.unit ?? "";
    sense.textContent = one?.sense ?? "";
  }
  function fillAlso() {
    const two = of(about.goals, also);
    put(alsoBound, two?.value);
    alsoUnit.textContent = two?.unit ?? "";
    alsoSense.textContent = two?.sense ?? "";
  }
  function bounds([select, least, most]) {
    const one = of(about.levers, select);
    put(least, one?.least);
    put(most, one?.most);
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
    // The answer is to what was asked, whatever stands in the fields by now.
    const { levers: sought, during, state } = asked;
    const use = (levels) => {
      const values = { ...choice.values };
      sought.forEach((lever, place) => {
        for (const name of lever.controls) values[name] = levels[place];
      });
      return address("workbench", { ...choice, values, unlocked: true, year: during });
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
      el("div", { class: "bar" }, item.levels.map(button)), item.map && map(), blocks(item.blocks), again(item, state)));
  });

  // Nothing is sought while a field can't be read: without its goal the answer would be to another question.
  function ask(event) {
    event.preventDefault();
    const wrong = [...notes.keys()].filter((input) => !input.disabled && check(input) === undefined);
    if (wrong.length) {
      wrong[0].focus();
      return;
    }
    const goals = [[goal, bound], [also, alsoBound]].filter(([select]) => select.value)
      .map(([select, input]) => of(about.goals, select).text.replace("{value}", String(check(input))));
    const varied = spans.filter(([select]) => select.value);
    const vary = varied.map(([select]) => select.value);
    const between = varied.map(([, least, most]) => `${check(least)} ${check(most)}`);
    asked = { levers: varied.map(([select]) => of(about.levers, select)), during: Number(year.value), state: stateOf(choice, about.controls) };
    work.start({ state: asked.state, form: { goals, vary, between, during: year.value, chance: chance.value } });
  }

  const [[, least, most], [, least2, most2]] = spans;
  const labelled = (id, key, ...inputs) => el("div", { class: "field" }, el("label", { for: id }, say(key)), ...inputs);
  main.append(el("h1", {}, say("staffing.title")), el("p", {}, say("staffing.about")),
    el("p", { class: "quiet" }, say("screen.of", { name: subject(choice) })),
    levers.length && about.goals.length
      ? remembered(el("form", { class: "card sentence wide", onsubmit: ask },
        labelled("lever", "staffing.least-of", first),
        labelled("least", "staffing.between", least, " ", el("label", { class: "inline", for: "most" }, say("staffing.most")), " ", most, notes.get(least), notes.get(most)),
        labelled("lever2", "staffing.with", second),
        labelled("least2", "staffing.between", least2, " ", el("label", { class: "inline", for: "most2" }, say("staffing.most")), " ", most2, notes.get(least2), notes.get(most2)),
        labelled("goal", "staffing.so-that", goal, sense, " ", bound, " ", unit, notes.get(bound)), el("label", { class: "unseen", for: "bound" }, say("staffing.bound")),
        labelled("also", "staffing.and", also, alsoSense, " ", alsoBound, " ", alsoUnit, notes.get(alsoBound)), el("label", { class: "unseen", for: "also-bound" }, say("staffing.bound")),
        labelled("during", "staffing.in", year), labelled("chance", "staffing.kept", chance),
        el("p", {}, el("button", { class: "first", type: "submit" }, say("staffing.find")))), "staffing", choice, "seek")
      : el("p", { class: "hint" }, say("staffing.nothing")),
    work.node, out);
  return () => work.stop();
}
