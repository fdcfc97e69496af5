//! Support talk of our own, different in every turn: two halves of about 150 bytes each.

/// Chance with a seed: xorshift64*.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        // Near seeds must not begin alike.
        Chance((seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number from 0 to `end - 1`.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from((self.next() >> 20) % end).unwrap_or_default()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from.get(self.below(from.len())).copied().unwrap_or_default()
    }

    /// What a customer says and what the answer is.
    pub fn turn(&mut self) -> (String, String) {
        let (what, when, wish) = (self.pick(WHAT), self.pick(WHEN), self.pick(WISH));
        let (number, day, amount) =
            (self.below(10_000_000), self.below(28) + 1, self.below(90_000));
        let (name, detail) = (self.pick(NAMES), self.pick(DETAIL));
        let said = format!(
            "{}, {what} {when} and {detail} (no. {number:07}). {wish} {name}",
            self.pick(HELLO)
        );
        let answer = format!(
            "{} {}. For {number:07} I see {}.{:02} euros booked on the {day}th; {}. {}",
            self.pick(HELP),
            name.trim_end_matches('.'),
            amount / 100,
            amount % 100,
            self.pick(THEN),
            self.pick(BYE)
        );
        (said, answer)
    }
}

const HELLO: &[&str] =
    &["Hello", "Hi there", "Good morning", "Dear team", "Hey", "Good evening", "Hi, me again"];
const WHAT: &[&str] = &[
    "my invoice shows the wrong address",
    "the parcel has not arrived",
    "I cannot reset my password",
    "the new router keeps restarting",
    "my subscription was charged twice",
    "the return label does not print",
    "the app logs me out",
    "your discount code is refused",
    "the delivery was left at a neighbour's",
    "my refund is still missing",
    "the second screen arrived broken",
    "I would like to move to the yearly plan",
    "the export of my contacts is empty",
];
const WHEN: &[&str] = &[
    "since Monday",
    "for three days",
    "after the update",
    "this morning",
    "since my last call",
    "again",
    "for the whole week",
    "after I moved",
    "since I changed my card",
];
const DETAIL: &[&str] = &[
    "nobody has called me back",
    "I have tried it on two computers",
    "the tracking page has not changed",
    "my colleague sees the same",
    "I need it before the weekend",
    "the message only says that something went wrong",
    "I have already sent you two photographs",
    "your shop in town could not help",
];
const WISH: &[&str] = &[
    "Could you please check?",
    "What can I do now?",
    "I need it today.",
    "Please call me back after six.",
    "Thanks in advance!",
    "Please write, I cannot talk at work.",
    "Otherwise I would like to cancel.",
];
const NAMES: &[&str] =
    &["Ada M.", "Grace", "J. Novak", "Miriam", "Oluwaseun", "Mr. Tanaka", "Lena K.", "Paolo"];
const HELP: &[&str] = &[
    "I have looked into it,",
    "Let me check that for you,",
    "I am sorry about the trouble,",
    "Thank you for waiting,",
    "Thanks for the details,",
    "I understand,",
];
const THEN: &[&str] = &[
    "you will get an e-mail within the hour",
    "please try it once more after signing out",
    "a colleague of the technical team takes care of it",
    "the refund is on its way and takes three to five days",
    "I have ordered a replacement",
    "I have corrected it on our side",
    "the carrier promises a second attempt tomorrow",
];
const BYE: &[&str] = &[
    "Is there anything else?",
    "Have a nice day!",
    "Please tell me if it happens again.",
    "You can reply here.",
];
