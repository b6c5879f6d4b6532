// A decorated service: look at the graph. Whoever depends on the mailer gets the one that counts, and does not know it.
// Elsewhere: the decorated service depends on itself, or the original is never disposed.
import { createContainer, decorate, singleton, token } from "thimble";

const Metrics = token("metrics");

class Mailer {
  send = (to) => `sent to ${to}`;
  close = () => sleep(300);
}
class SignUp {
  constructor(mailer) {
    this.join = (who) => mailer.send(who);
  }
}

const mailer = singleton(Mailer, [], () => new Mailer(), {
  dispose: (it) => it.close(),
});

const app = createContainer(
  "app",
  singleton(Metrics, () => ({ sent: 0 })),
  decorate(mailer, [Metrics], (original, metrics) => ({
    send(to) {
      metrics.sent++;
      return original.send(to);
    },
    close: () => original.close(),
  })),
  singleton(SignUp, [Mailer]),
);

const signUp = app.get(SignUp);
console.log(signUp.join("ada@example.org"));
console.log(signUp.join("ben@example.org"));
console.log(app.get(Metrics));
await app.shutdown();

function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
