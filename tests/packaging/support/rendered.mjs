/** What is asked of a page that a server renders. */

/** There is what a client shows that has not connected; `desk.served` then says that the server did not. */
export async function checkRendered({ page, assert }) {
  const response = await page.request.get(page.url());
  const html = await response.text();
  assert.match(html, /<b data-testid="status">idle<\/b>/);
  assert.match(html, /<b data-testid="news"><\/b>/);
}
