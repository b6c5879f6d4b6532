// A stand-in in a test: look at the last error. A stand-in for something that nobody uses any more is refused.
// Elsewhere: a mock for a service that is gone is accepted in silence, and the test tests nothing.
import { createContainer, singleton, token } from "thimble";
import { fake, testContainer } from "thimble/testing";

class Mailer {
  send(to) {
    throw new Error(`really sent to ${to}`);
  }
}
class SignUp {
  constructor(mailer) {
    this.join = (who) => mailer.send(who);
  }
}
const Pager = token("pager"); // nobody provides it any more
const providers = [singleton(Mailer), singleton(SignUp, [Mailer])]; // those of the program

createContainer("program", providers);

const sent = [];
const test = testContainer(providers, {
  name: "test",
  override: [fake(Mailer, { send: (to) => void sent.push(to) })],
});
test.get(SignUp).join("ada@example.org");
console.log("sent to", sent);

testContainer(providers, { override: [fake(Pager, { page() {} })] });
