// What the figures rest on: documents beside simulation, assumptions to change, prices, and the forecast.
import { about, el, fault, say } from "/static/words.js";
import { address, keep } from "/static/page.js";
import { again, amount, blocks, job, stateOf, written } from "/static/screens/parts.js";

export function trust(main, choice) {
  const changed = { ...choice.parameters }, priced = { ...choice.prices };
  const now = () => ({ ...choice, parameters: changed, prices: priced });
  const rest = el("div", {}, el("p", {}, say("bench.waiting")));
  // Of the base alone, or of the scenario that is chosen.
  const panel = (key, path, chosen = false) => {
    let state;
    const out = el("div", {});
    const work = job(path, () => out.replaceChildren(), (item) => out.replaceChildren(
      ...[item.points && dots(item.points), ...blocks(item.blocks), item.names && toFields(item.names),
        again(item, chosen ? state : null)].filter(Boolean)));
    const node = el("section", { class: "card", "aria-labelledby": key }, el("h2", { id: key }, say(key)), el("p", {}, say(`${key}.lead`)),
      el("p", {}, el("button", { type: "button", onclick: () => {
        state = stateOf(now(), about.controls);
        work.start({ state, form: { year: choice.year ?? about.year } });
      } }, say(`${key}.run`))), work.node, out);
    return { node, work };
  };
  // From the largest assumptions to the fields in which they are changed.
  function toFields(names) {
    const of = (name) => [...document.querySelectorAll("table.assumed input")].find((one) => one.dataset.name === name);
    return el("p", { class: "bar" }, names.map((one) => of(one.name) &&
      el("button", { type: "button", class: "small", onclick: () => {
        of(one.name).scrollIntoView({ block: "center" });
        of(one.name).focus();
      } }, say("trust.largest.change", { name: one.title }))));
  }

  const largest = panel("trust.largest", "/api/assumptions");
  const evidence = panel("trust.evidence", "/api/evidence"), outlook = panel("trust.outlook", "/api/outlook", true);
  main.append(el("h1", {}, say("trust.title")), el("p", {}, say("trust.about")), largest.node, evidence.node, rest, outlook.node);

  // A dot in its band: where the documented figure lies in what the model says, each on a scale of its own.
  function dots(points) {
    return el("ul", { class: "dots" }, points.map((point) => {
      const [low, middle, high] = point.band;
      const least = Math.min(low, point.value), span = Math.max(high, point.value) - least || 1;
      const at = (value) => 4 + 92 * (value - least) / span;
      const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      picture.setAttribute("viewBox", "0 0 100 10");
      picture.setAttribute("aria-hidden", "true");
      const part = (name, attributes) => {
        const node = document.createElementNS("http://www.w3.org/2000/svg", name);
        for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
        picture.append(node);
      };
      part("rect", { x: at(low), y: 3, width: Math.max(at(high) - at(low), .5), height: 4, class: "band" });
      part("rect", { x: at(middle) - .4, y: 2, width: .8, height: 6, class: "middle" });
      part("circle", { cx: at(point.value), cy: 5, r: 1.8, class: point.value < low || point.value > high ? "dot out" : "dot" });
      return el("li", {}, el("span", {}, point.name), picture);
    }));
  }

  (async () => {
    try {
      const answer = await fetch(`/api/grounds?lang=${about.language}`);
      if (!answer.ok) throw new Error("fault");
      const grounds = await answer.json();
      const use = el("p", {});
      const came = Object.keys({ ...choice.parameters, ...choice.prices }).length;
      const link = () => {
        const count = Object.keys(changed).length + Object.keys(priced).length;
        const use = (words) => el("a", { class: "button first", href: address("workbench", now()) }, words);
        if (count) return [use(say("trust.use", { count }))];
        const none = el("span", { class: "quiet" }, say("trust.none"));
        return came ? [none, " ", use(say("trust.undone"))] : [none];
      };
      const useToo = el("p", {});
      const draw = () => { use.replaceChildren(...link()); useToo.replaceChildren(...link()); };
      draw();
      // A number beside its unit, which changes what is kept of it, also in the address: nothing where it says again what
      // stood there.
      const cell = (one, title, kept, whole) => {
        const note = el("p", { class: "wrong", role: "alert" });
        const field = el("input", { "aria-label": title, "data-name": one.name, inputmode: "decimal", maxlength: 20, size: 8,
          value: written(kept[one.name] === undefined ? one.value : String(kept[one.name]).split(" ")[0]), onchange: () => {
            const value = amount(field, note);
            if (value === undefined) return;
            if (value === Number(one.value)) delete kept[one.name]; else kept[one.name] = whole(value);
            keep("trust", now());
            draw();
          } });
        return el("td", {}, field, one.unitWords && ` ${one.unitWords}`, note);
      };
      const edited = (one) => cell(one, one.unitWords ? `${one.title}, ${one.unitWords}` : one.title, changed, (value) => (one.unit ? `${value} ${one.unit}` : String(value)));
      const price = (one) => cell(one, `${one.title}, ${one.unitWords}`, priced, (value) => `${value} ${one.unit}`);
      rest.replaceChildren(el("section", { class: "card", "aria-labelledby": "assumed" }, el("h2", { id: "assumed" }, say("trust.assumed")),
        el("p", {}, say("trust.assumed.about")), use,
        el("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "assumed" }, el("table", { class: "assumed" },
          el("thead", {}, el("tr", {}, ["what", "value", "why"].map((key) => el("th", { scope: "col" }, say(`trust.${key}`))))),
          el("tbody", {}, grounds.assumed.map((one) => el("tr", {}, el("th", { scope: "row" }, one.title, " ", el("span", { class: "badge" }, say("trust.badge")),
              one.title !== one.name && el("span", { class: "code" }, one.name)),
            one.plain ? edited(one) : el("td", {}, one.words), el("td", {}, one.why))))))),
      grounds.prices.length && el("section", { class: "card", "aria-labelledby": "prices" }, el("h2", { id: "prices" }, say("trust.prices")),
        el("p", {}, say("trust.prices.about")), useToo,
        el("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "prices" }, el("table", { class: "assumed" },
          el("thead", {}, el("tr", {}, ["price", "value", "why"].map((key) => el("th", { scope: "col" }, say(`trust.${key}`))))),
          el("tbody", {}, grounds.prices.map((one) => el("tr", {}, el("th", { scope: "row" }, one.title, " ", el("span", { class: "badge" }, one.kind)),
            price(one), el("td", {}, one.why))))))) || "",
      el("section", { class: "card", "aria-label": say("trust.rest") }, blocks(grounds.blocks)));
      if (!grounds.calibrated) {
        evidence.node.remove();
        outlook.node.remove();
      }
    } catch (error) {
      rest.replaceChildren(el("p", { class: "wrong", role: "alert" }, fault(error)));
    }
  })();
  return () => { largest.work.stop(); evidence.work.stop(); outlook.work.stop(); };
}
