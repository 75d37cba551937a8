// Filters the scenarios; without it everything is shown.
(() => {
  const search = document.getElementById("search");
  const verdict = document.getElementById("verdict");
  const shown = document.getElementById("shown");
  const scenarios = [...document.querySelectorAll(".scenario")];
  const words = scenarios.map((scenario) => scenario.textContent.toLowerCase());
  const apply = () => {
    const wanted = search.value.trim().toLowerCase();
    let count = 0;
    scenarios.forEach((scenario, at) => {
      const fits = (!verdict.value || scenario.dataset.verdict === verdict.value)
        && (!wanted || words[at].includes(wanted));
      scenario.hidden = !fits;
      count += fits;
    });
    document.querySelectorAll(".feature").forEach((feature) => {
      let next = feature.nextElementSibling;
      let any = false;
      for (; next && next.matches(".scenario"); next = next.nextElementSibling) any ||= !next.hidden;
      feature.hidden = !any;
    });
    shown.textContent = `${count} of ${scenarios.length} scenarios`;
  };
  search.addEventListener("input", apply);
  verdict.addEventListener("change", apply);
  search.form.addEventListener("submit", (event) => event.preventDefault());
  // A link into folded rows opens them.
  const open = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView({ block: "center" });
  };
  addEventListener("hashchange", open);
  open();
})();
