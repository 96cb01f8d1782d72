// Runs before the first paint, so that the page never flashes in the wrong theme.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("footfall.theme");
    } catch {
      return null; // storage may be forbidden; the system's theme is used then
    }
  };
  const apply = () => {
    const theme = chosen() || (dark.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
    dispatchEvent(new CustomEvent("themechange", { detail: theme }));
  };
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  window.footfallTheme = {
    toggle() {
      const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
      try {
        if (next === (dark.matches ? "dark" : "light")) localStorage.removeItem("footfall.theme");
        else localStorage.setItem("footfall.theme", next);
      } catch {
        document.documentElement.dataset.theme = next;
        dispatchEvent(new CustomEvent("themechange", { detail: next }));
        return;
      }
      apply();
    },
  };
  apply();
})();
