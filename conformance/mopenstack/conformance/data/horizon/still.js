// What the browser of Horizon's tests adds to each page before the page's own scripts.
//
// A test measures where a button is, and presses there a moment later: one that still slides in with its dialog has
// moved away by then on a busy machine, and the press is lost. So nothing moves, everything is at its place at once. And
// a message stays until it is closed: one that fades after three seconds is gone before a slow machine has read it.
(() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    "*, ::before, ::after { transition: none !important; animation: none !important; scroll-behavior: auto !important; }",
  );
  document.adoptedStyleSheets = [sheet];
  // The page's scripts are loaded by then, and its own listeners, which start Angular, come after this one.
  document.addEventListener("DOMContentLoaded", () => {
    const { angular, horizon, jQuery } = window;
    if (jQuery) {
      jQuery.fx.off = true;
      // Bootstrap looks for transitions when the page is ready; this is behind it.
      jQuery(() => {
        if (jQuery.support) jQuery.support.transition = false;
      });
    }
    if (horizon?.conf?.auto_fade_alerts) horizon.conf.auto_fade_alerts.types = [];
    angular?.module("horizon.framework.conf").run([
      "horizon.framework.conf.toastOptions",
      (options) => {
        options.dimissible = [];
      },
    ]);
  });
})();
