// Which of the two builds `thimble` is here. A module is loaded once, whatever name it is imported by.
import * as thimble from "thimble";
import * as fast from "thimble/fast";
import * as small from "thimble/small";

export const build = Object.entries({ fast, small }).find(([, it]) => it === thimble)?.[0];
