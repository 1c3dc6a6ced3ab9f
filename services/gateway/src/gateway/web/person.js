// Who is signed in, as far as other parts of the page go by it.

let person = {};

export function keepPerson(me) {
  person = me;
}

/** Whether the heart rate may be on the screen: it is about the body, so only who asks for it sees it. */
export const showsHeartRate = () => Boolean(person.heartrate_opt_in);
