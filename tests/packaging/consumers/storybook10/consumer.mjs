/** Each story in its frame, whose server is in the page. */
async function checkStories({ page, assert }) {
  const { origin } = new URL(page.url());
  for (const [story, text] of [
    ["news--with-news", "salmon has come in"],
    ["news--offline", "waiting"],
  ]) {
    await page.goto(`${origin}/iframe.html?viewMode=story&id=${story}`);
    await page.getByText(text).waitFor();
  }
  assert.deepEqual(page.complaints, []);
}

export const tools = ["storybook", "vite", "react"];
export const modes = {
  static: {
    build: "storybook build --quiet --output-dir dist",
    files: "dist",
    checkOnly: checkStories,
  },
};
