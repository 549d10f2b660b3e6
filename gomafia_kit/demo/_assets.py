"""Scripts, styles and pictures: what a browser loads beside a page."""

from __future__ import annotations

from typing import Final

from gomafia_kit.demo._http import Reply

_CSS: Final = (
    "body{font-family:sans-serif;margin:0 auto;max-width:1100px}table{border-collapse:collapse}"
    "td,th{padding:4px 8px;border-bottom:1px solid #ddd;text-align:left}"
    'header a{margin-right:16px}[class*="Pagination_pagination__"]{display:inline-block;padding:4px}'
    '[class*="selected"]{font-weight:bold}[class*="Select_select__"]{cursor:pointer}'
)
_MAIN: Final = "window.__demo = { started: Date.now() };\n"
_STATS: Final = """\
// The drop-down of years: posts, and redraws when the answer is in.
(() => {
  const all = (name) => [...document.querySelectorAll(`[class*="${name}"]`)];
  const find = (name) => all(name)[0];
  const told = JSON.parse(document.getElementById('__NEXT_DATA__').textContent);
  const selected = find('Select_select__selected-span');
  const options = find('Select_select__options');
  if (!selected || !options) return;
  const word = (n) => {
    if (n % 100 > 10 && n % 100 < 20) return 'Игр';
    return { 1: 'Игра', 2: 'Игры', 3: 'Игры', 4: 'Игры' }[n % 10] || 'Игр';
  };
  const circles = [['red', 'мирного'], ['mafia', 'мафию'], ['don', 'дона'], ['sheriff', 'шерифа']];
  const redraw = ({ user, stats }) => {
    const games = Number(stats.primary.total_games || 0);
    find('stats__stat-main-bottom-block-left-content-amount').textContent = games;
    const [numbers, texts] = [all('profile-user-circle__num'), all('profile-user-circle__text')];
    circles.forEach(([role, whom], place) => {
      const count = Number(stats.primary[role] || 0);
      const share = games ? Math.floor((200 * count + games) / (2 * games)) : 0;
      numbers[place].textContent = `${count} (${share}%)`;
      texts[place].textContent = `${word(count)} за ${whom}`;
    });
    find('stats__stat-elo').querySelector('b').textContent = user.elo;
    find('stats__stat-advanced').querySelector('b').textContent = stats.advanced_points.points_10_games;
  };
  selected.addEventListener('click', () => {
    options.style.display = options.style.display === 'none' ? '' : 'none';
  });
  options.addEventListener('click', async (event) => {
    const year = event.target.textContent;
    options.style.display = 'none';
    selected.textContent = year;
    const fields = { id: told.query.id, period: year === 'Все' ? 'all' : year };
    const answer = await fetch('/api/stats/get', {
      method: 'POST',
      body: new URLSearchParams({ ...fields, gameType: 'all', tournamentType: 'all' }),
    });
    const { result, data } = await answer.json();
    if (result === 'success') redraw(data);
  });
})();
"""
_SVG: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
    '<circle cx="20" cy="20" r="18" fill="{colour}"/></svg>'
)


def asset(path: str, build_id: str) -> Reply | None:
    """A subresource; None if the present deployment has none of that path."""
    if path.startswith("/static/") and path.endswith(".svg"):
        colour = f"#{sum(path.encode()) * 7919 % 0xFFFFFF:06x}"
        return Reply(_SVG.format(colour=colour).encode(), "image/svg+xml")
    if path == f"/_next/static/css/{build_id}.css":
        return Reply(_CSS.encode(), "text/css")
    name = path.removeprefix("/_next/static/chunks/")
    if name == path or not name.endswith(f"-{build_id}.js"):
        return None
    script = _STATS if name.startswith("pages/stats/") else _MAIN
    return Reply(script.encode(), "text/javascript; charset=utf-8")
