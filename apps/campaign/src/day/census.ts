/**
 * How much every collection of an object holds: maps, sets and arrays, also those in private fields and in the objects that
 * it has, by class and field. It asks the engine's inspector, so what is counted needs to know nothing of it.
 * @module
 */
import { type Runtime, Session } from "node:inspector";

/** A collection is looked into so far: what it holds is alike. */
const MOST_VALUES = 100;
const COLLECTIONS: readonly (string | undefined)[] = ["map", "set", "array"];
/** Name of a global, for as long as it counts. */
const GLOBAL = "chatCensus";

export type Counts = Record<string, number>;

/**
 * @param isForeign - by the name of its class: what is not looked into
 * @returns entries of all collections of one class and field together
 */
export function census(roots: readonly object[], isForeign: (className: string) => boolean): Counts {
  const seen = new WeakSet<object>();
  Reflect.set(globalThis, GLOBAL, {
    roots,
    isNew: (object: object) => !seen.has(object) && seen.add(object) !== undefined,
    objectsIn: (collection: Iterable<unknown>) => objectsIn(collection),
  });
  const session = new Session();
  session.connect();
  try {
    const counts: Counts = {};
    const visit = (value: Runtime.RemoteObject, path: string) => {
      const { subtype, className = "" } = value;
      if (isForeign(className) || ask(session, value, "isNew").value !== true) return;
      if (COLLECTIONS.includes(subtype)) {
        counts[path] = (counts[path] ?? 0) + sizeOf(value);
        const inner = fieldsOf(session, ask(session, value, "objectsIn"));
        for (const { value: item } of inner) visit(item, `${path}[]`);
      } else if (subtype === undefined) {
        const owner = className === "Object" ? path : className;
        for (const { name, value: field } of fieldsOf(session, value)) visit(field, `${owner}.${name}`);
      }
    };
    const { result } = post(session, "Runtime.evaluate", { expression: `globalThis.${GLOBAL}.roots` });
    for (const { value } of fieldsOf(session, result)) visit(value, "");
    return counts;
  } finally {
    session.disconnect();
    Reflect.deleteProperty(globalThis, GLOBAL);
  }
}

function objectsIn(collection: Iterable<unknown>): unknown[] {
  const values = collection instanceof Map ? [...collection.values()] : [...collection];
  return values.filter((value) => typeof value === "object" && value !== null).slice(0, MOST_VALUES);
}

type Field = { readonly name: string; readonly value: Runtime.RemoteObject };

/** That hold objects. */
function fieldsOf(session: Session, { objectId = "" }: Runtime.RemoteObject): Field[] {
  const found = post(session, "Runtime.getProperties", { objectId, ownProperties: true });
  const fields: { name: string; value?: Runtime.RemoteObject | undefined }[] = [
    ...found.result,
    ...(found.privateProperties ?? []),
  ];
  return fields.flatMap(({ name, value }) =>
    value?.type === "object" && value.objectId !== undefined ? [{ name, value }] : [],
  );
}

/** The inspector describes collections as `Map(12)`. */
function sizeOf({ description = "" }: Runtime.RemoteObject): number {
  return Number(/\((\d+)\)$/.exec(description)?.[1] ?? 0);
}

function ask(session: Session, { objectId = "" }: Runtime.RemoteObject, question: "isNew" | "objectsIn") {
  const functionDeclaration = `function () { return globalThis.${GLOBAL}.${question}(this); }`;
  return post(session, "Runtime.callFunctionOn", { objectId, functionDeclaration }).result;
}

type Answers = {
  "Runtime.evaluate": Runtime.EvaluateReturnType;
  "Runtime.callFunctionOn": Runtime.CallFunctionOnReturnType;
  "Runtime.getProperties": Runtime.GetPropertiesReturnType & {
    privateProperties?: { name: string; value: Runtime.RemoteObject }[];
  };
};

/** The engine answers at once when it asks itself. */
function post<Method extends keyof Answers>(session: Session, method: Method, params: object): Answers[Method] {
  let answer: Answers[Method] | undefined;
  session.post(method, params, (error: Error | null, result?: object) => {
    if (error !== null) throw error;
    answer = result as Answers[Method];
  });
  if (answer === undefined) throw new Error(`${method}: want an answer at once, got none`);
  return answer;
}
