import { formatShare } from "../format/number";
import { share, sum } from "../format/money";
import { Money } from "../parts/money";
import { REST_COLOUR, seriesColour } from "./palette";
import { groupLabel, NONE, OTHER, type Stack } from "./series";

/** What the colours mean; a click filters by one. */
export function Legend({ groups, onPick }: { groups: Stack["groups"]; onPick?(name: string): void }) {
  const whole = sum(groups.map((group) => group.total));
  return (
    <ul className="legend">
      {groups.map((group, index) => {
        const entry = (
          <>
            <i className="dot" style={{ background: group.name === OTHER ? REST_COLOUR : seriesColour(index) }} />
            <span className="truncate">{groupLabel(group.name)}</span>
            <Money amount={group.total} />
            <span className="muted numeric">{formatShare(share(group.total, whole))}</span>
          </>
        );
        const pickable = onPick && group.name !== OTHER && group.name !== NONE;
        return (
          <li key={group.name} style={{ display: "flex", minWidth: 0, maxWidth: "100%" }}>
            {pickable
              ? <button type="button" title={`Only ${group.name}`} onClick={() => onPick(group.name)}>{entry}</button>
              : <span className="entry">{entry}</span>}
          </li>
        );
      })}
    </ul>
  );
}
