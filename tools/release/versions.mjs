/** Whether everything that is released says the same version. */

const number = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

/**
 * Returns what is wrong in words; nothing if the crate and the packages have one version, and the
 * changelog has a section for it with nothing left above.
 *
 * @param {{crate: string, package: string, mock: string, changelog: string}} versions
 * @returns {string[]}
 */
export function findProblems({ crate, package: npm, mock, changelog }) {
  const problems = [];
  if (!number.test(crate)) problems.push(`the crate's version is ${crate}`);
  if (npm !== crate) problems.push(`the package has version ${npm}, the crate ${crate}`);
  if (mock !== crate)
    problems.push(`the mock server's package has version ${mock}, the crate ${crate}`);
  const sections = sectionsOf(changelog);
  const latest = sections.find(({ title }) => title !== "Unreleased");
  if (latest?.title.split(" ")[0] !== crate) {
    problems.push(`the changelog's first version is ${latest?.title ?? "missing"}, not ${crate}`);
  }
  if (sections.some(({ title, text }) => title === "Unreleased" && text !== "")) {
    problems.push('the changelog has lines under "Unreleased"');
  }
  return problems;
}

/** Returns the sections of a changelog, the newest first. */
function sectionsOf(changelog) {
  const [, ...sections] = changelog.split(/^## /m);
  return sections.map((section) => {
    const [title, ...lines] = section.split("\n");
    return { title: title.trim(), text: lines.join("\n").trim() };
  });
}
