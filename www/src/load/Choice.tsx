import { useId } from "react";

interface Props<Value extends string | number> {
  /** What is chosen. */
  title: string;
  /** The values, with what they are called. */
  options: readonly (readonly [Value, string])[];
  chosen: Value | undefined;
  onChoose: (value: Value) => void;
  /** What the test ids begin with; the value follows. */
  testId: string;
}

/** One of a few, side by side. */
export function Choice<Value extends string | number>(props: Props<Value>) {
  const { title, options, chosen, onChoose, testId } = props;
  const name = useId();
  return (
    <fieldset className="choice">
      <legend>{title}</legend>
      <div className="options">
        {options.map(([value, text]) => (
          <label key={value}>
            <input
              type="radio"
              name={name}
              checked={value === chosen}
              onChange={() => onChoose(value)}
              data-testid={`${testId}-${value}`}
            />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
