import { useEffect, useState } from "react";
import { ConnectionCard } from "../connection/ConnectionCard";
import { formatCount } from "../format";
import { Choice } from "./Choice";
import { type Choices, type Core, keepChoices, readChoices, type Way } from "./choices";
import { optionsOf, path, quotes } from "./context";
import { FrameChart } from "./FrameChart";
import { QuotesTable } from "./QuotesTable";
import { useServer } from "./useServer";
import { WorkerProblem } from "./WorkerProblem";

const cores: readonly (readonly [Core, string])[] = [
  ["page", "The page"],
  ["worker", "A worker"],
  ["shared", "A shared worker"],
];
const ways: readonly (readonly [Way, string])[] = [
  ["plain", "To each event"],
  ["conflated", "Conflated per frame"],
];
const rates = [0, 1_000, 10_000];

/** A client under load, with its core where one wants it, and what that does to the page and to the server. */
export function LoadLab() {
  const [choices, setChoices] = useState(readChoices);
  const { core, way } = choices;
  const choose = (changed: Partial<Choices>) => setChoices({ ...choices, ...changed });
  useEffect(() => keepChoices(choices), [choices]);
  return (
    <section className="column load" id="load" aria-labelledby="load-title">
      <header className="column-head">
        <h2 id="load-title">Under load</h2>
        <p className="hint">
          Send 10,000 events a second, and compare: listening to each in the page, and conflated
          with the core in a worker.
        </p>
      </header>
      <div className="choices">
        <Choice
          title="The client’s core runs in"
          options={cores}
          chosen={core}
          onChoose={(core) => choose({ core })}
          testId="core"
        />
        <Choice
          title="The page listens"
          options={ways}
          chosen={way}
          onChoose={(way) => choose({ way })}
          testId="way"
        />
        <Server />
      </div>
      <FrameChart />
      <quotes.SockeyeProvider key={core} url="/" options={optionsOf(core)}>
        <Client way={way} />
      </quotes.SockeyeProvider>
    </section>
  );
}

/** What the server sends, and how many connections it has of all tabs. */
function Server() {
  const { connections, perSecond, change, problem } = useServer();
  const known = [...new Set([...rates, perSecond ?? 0])].sort((a, b) => a - b);
  const options = known.map((rate) => [rate, rate === 0 ? "Nothing" : formatCount(rate)] as const);
  return (
    <>
      <Choice
        title="The server sends, per second and connection"
        options={options}
        chosen={perSecond}
        onChoose={change}
        testId="rate"
      />
      <div className="connections">
        <p role="status">
          <span>Connections at the server, all tabs</span>{" "}
          <b data-testid="connections-all">{connections ?? "–"}</b>
        </p>
        <a href={location.href} target="_blank" rel="noreferrer">
          Open another tab
        </a>
      </div>
      {problem !== undefined && <p role="alert">{problem}</p>}
    </>
  );
}

function Client({ way }: { way: Way }) {
  const client = quotes.useSockeye();
  useEffect(() => void Object.assign(window.sockeyeDemo, { quotes: client }), [client]);
  return (
    <div className="grid">
      <div className="column">
        <ConnectionCard name="quotes" client={client} path={path} />
        <WorkerProblem client={client} />
      </div>
      <QuotesTable way={way} />
    </div>
  );
}
