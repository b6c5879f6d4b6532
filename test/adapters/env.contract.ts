// What `readEnv` promises behind every door. A runtime is one function that puts settings where that runtime has them and
// reads them back.
import { describe, expect, it } from "vitest";
import type { EnvRecord } from "thimble/generic";

export function envContract(
  door: string,
  read: (settings: Record<string, string>, names?: readonly string[]) => EnvRecord,
): void {
  describe(`readEnv of ${door}`, () => {
    it("gives the settings by name, an empty one too", () => {
      expect({ ...read({ PORT: "8080", NAME: "" }) }).toEqual({ PORT: "8080", NAME: "" });
    });

    it("gives the named ones alone, when names are given", () => {
      expect({ ...read({ PORT: "8080", SECRET: "s" }, ["PORT", "MISSING"]) }).toEqual({ PORT: "8080" });
    });

    it.each(["MISSING", "constructor", "toString", "hasOwnProperty", "__proto__"])(
      "knows no %s that nobody has set",
      (name) => {
        expect(read({ PORT: "8080" })[name]).toBe(undefined);
        expect(read({ PORT: "8080" }, [name])[name]).toBe(undefined);
      },
    );

    it("takes __proto__ for a name like any other", () => {
      const hostile = JSON.parse('{ "__proto__": "x", "PORT": "8080" }') as Record<string, string>;

      const env = read(hostile);

      expect(Object.keys(env).sort()).toEqual(["PORT", "__proto__"]);
      expect(env["__proto__"]).toBe("x");
      expect(Object.getPrototypeOf(env)).toBe(null);
    });

    it("gives a copy that is the reader's own", () => {
      const settings = { PORT: "8080" };
      const env = read(settings);

      env["PORT"] = "1";

      expect(settings.PORT).toBe("8080");
      expect(read(settings)["PORT"]).toBe("8080");
    });
  });
}
