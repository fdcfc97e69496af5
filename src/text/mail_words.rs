//! What mailers write around a message, in the languages they speak.

/// Words of the line above a quotation, as in "On Monday, Al wrote:".
#[rustfmt::skip]
pub(super) const WROTE: &[&str] = &[
    "wrote", "schrieb", "geschrieben", "a \u{e9}crit", "escribi\u{f3}", "ha scritto", "scrisse",
    "escreveu", "schreef", "geschreven", "skrev", "skrifa\u{f0}i", "kirjoitti", "napisa\u{142}",
    "napsal", "nap\u{ed}sal", "pisze", "je napisao", "je napisala", "napisao", "a scris",
    "\u{ed}rta", "yazd\u{131}", "va escriure", "ha escrit", "escribiu", "kirjutas", "menulis",
    "\u{111}\u{e3} vi\u{1ebf}t", "\u{3ad}\u{3b3}\u{3c1}\u{3b1}\u{3c8}\u{3b5}",
    "\u{43d}\u{430}\u{43f}\u{438}\u{441}\u{430}\u{43b}", "\u{43f}\u{438}\u{448}\u{435}\u{442}",
    "\u{43d}\u{430}\u{43f}\u{438}\u{441}\u{430}\u{432}",
    "\u{43d}\u{430}\u{43f}\u{438}\u{441}\u{430}", "\u{5199}\u{9053}", "\u{5beb}\u{9053}",
    "\u{306e}\u{30e1}\u{30fc}\u{30eb}", "\u{66f8}\u{304d}\u{307e}\u{3057}\u{305f}",
    "\u{66f8}\u{3044}\u{305f}", "\u{c791}\u{c131}", "\u{643}\u{62a}\u{628}",
    "\u{5db}\u{5ea}\u{5d1}", "\u{e40}\u{e02}\u{e35}\u{e22}\u{e19}",
];

/// What a mailer writes between dashes, or alone, above a message that it repeats.
#[rustfmt::skip]
pub(super) const REPEATED: &[&str] = &[
    "original message", "original email", "original e-mail", "forwarded message",
    "forwarded email", "begin forwarded message", "reply message", "reply above this line",
    "please type your reply above this line", "urspr\u{fc}ngliche nachricht", "originalnachricht",
    "original-nachricht", "weitergeleitete nachricht", "anfang der weitergeleiteten nachricht",
    "message d'origine", "message d\u{2019}origine", "message original", "message initial",
    "message transf\u{e9}r\u{e9}", "message transmis",
    "d\u{e9}but du message transf\u{e9}r\u{e9}", "d\u{e9}but du message r\u{e9}exp\u{e9}di\u{e9}",
    "mensaje original", "mensaje reenviado", "inicio del mensaje reenviado",
    "messaggio originale", "messaggio inoltrato", "inizio messaggio inoltrato",
    "inizio del messaggio inoltrato", "mensagem original", "mensagem encaminhada",
    "mensagem reencaminhada", "in\u{ed}cio da mensagem encaminhada",
    "in\u{ed}cio da mensagem reencaminhada", "oorspronkelijk bericht", "origineel bericht",
    "doorgestuurd bericht", "begin doorgestuurd bericht", "ursprungligt meddelande",
    "originalmeddelande", "vidarebefordrat meddelande", "vidarebefordrat brev",
    "b\u{f6}rjan p\u{e5} vidarebefordrat meddelande", "opprinnelig melding",
    "videresendt melding", "oprindelig meddelelse", "original meddelelse",
    "videresendt meddelelse", "start p\u{e5} videresendt besked", "alkuper\u{e4}inen viesti",
    "v\u{e4}litetty viesti", "v\u{e4}litetty viesti alkaa", "wiadomo\u{15b}\u{107} oryginalna",
    "oryginalna wiadomo\u{15b}\u{107}", "wiadomo\u{15b}\u{107} przekazana",
    "przekazana wiadomo\u{15b}\u{107}", "pocz\u{105}tek przekazywanej wiadomo\u{15b}ci",
    "p\u{16f}vodn\u{ed} zpr\u{e1}va", "p\u{16f}vodn\u{ed} e-mail",
    "p\u{159}eposlan\u{e1} zpr\u{e1}va", "p\u{f4}vodn\u{e1} spr\u{e1}va", "eredeti \u{fc}zenet",
    "tov\u{e1}bb\u{ed}tott \u{fc}zenet", "mesaj original", "mesajul original", "orijinal mesaj",
    "\u{f6}zg\u{fc}n ileti", "iletilen mesaj", "iletilmi\u{15f} ileti",
    "\u{3b1}\u{3c1}\u{3c7}\u{3b9}\u{3ba}\u{3cc} \u{3bc}\u{3ae}\u{3bd}\u{3c5}\u{3bc}\u{3b1}",
    "\u{3c0}\u{3c1}\u{3bf}\u{3c9}\u{3b8}\u{3b7}\u{3bc}\u{3ad}\u{3bd}\u{3bf} \u{3bc}\u{3ae}\u{3bd}\u{3c5}\u{3bc}\u{3b1}",
    "\u{438}\u{441}\u{445}\u{43e}\u{434}\u{43d}\u{43e}\u{435} \u{441}\u{43e}\u{43e}\u{431}\u{449}\u{435}\u{43d}\u{438}\u{435}",
    "\u{43f}\u{435}\u{440}\u{435}\u{441}\u{43b}\u{430}\u{43d}\u{43d}\u{43e}\u{435} \u{441}\u{43e}\u{43e}\u{431}\u{449}\u{435}\u{43d}\u{438}\u{435}",
    "\u{43f}\u{435}\u{440}\u{435}\u{441}\u{44b}\u{43b}\u{430}\u{435}\u{43c}\u{43e}\u{435} \u{441}\u{43e}\u{43e}\u{431}\u{449}\u{435}\u{43d}\u{438}\u{435}",
    "\u{43d}\u{430}\u{447}\u{430}\u{43b}\u{43e} \u{43f}\u{435}\u{440}\u{435}\u{430}\u{434}\u{440}\u{435}\u{441}\u{43e}\u{432}\u{430}\u{43d}\u{43d}\u{43e}\u{433}\u{43e} \u{441}\u{43e}\u{43e}\u{431}\u{449}\u{435}\u{43d}\u{438}\u{44f}",
    "\u{43f}\u{435}\u{440}\u{435}\u{441}\u{43b}\u{430}\u{43d}\u{435} \u{43f}\u{43e}\u{432}\u{456}\u{434}\u{43e}\u{43c}\u{43b}\u{435}\u{43d}\u{43d}\u{44f}",
    "\u{539f}\u{59cb}\u{90ae}\u{4ef6}", "\u{8f6c}\u{53d1}\u{90ae}\u{4ef6}",
    "\u{8f6c}\u{53d1}\u{7684}\u{90ae}\u{4ef6}", "\u{539f}\u{59cb}\u{90f5}\u{4ef6}",
    "\u{8f49}\u{5bc4}\u{90f5}\u{4ef6}",
    "\u{4e0b}\u{9762}\u{662f}\u{88ab}\u{8f6c}\u{53d1}\u{7684}\u{90ae}\u{4ef6}",
    "\u{5143}\u{306e}\u{30e1}\u{30c3}\u{30bb}\u{30fc}\u{30b8}",
    "\u{8ee2}\u{9001}\u{30e1}\u{30c3}\u{30bb}\u{30fc}\u{30b8}",
    "\u{8ee2}\u{9001}\u{3055}\u{308c}\u{305f}\u{30e1}\u{30c3}\u{30bb}\u{30fc}\u{30b8}",
    "\u{c6d0}\u{bcf8} \u{ba54}\u{c2dc}\u{c9c0}",
    "\u{c804}\u{b2ec}\u{b41c} \u{ba54}\u{c2dc}\u{c9c0}",
    "\u{627}\u{644}\u{631}\u{633}\u{627}\u{644}\u{629} \u{627}\u{644}\u{623}\u{635}\u{644}\u{64a}\u{629}",
    "\u{5d4}\u{5d5}\u{5d3}\u{5e2}\u{5d4} \u{5de}\u{5e7}\u{5d5}\u{5e8}\u{5d9}\u{5ea}",
];

/// The labels of the head of a mail, in small letters.
#[rustfmt::skip]
pub(super) const FROM: &[&str] = &[
    "from", "von", "absender", "de", "exp\u{e9}diteur", "remitente", "da", "mittente", "van",
    "fr\u{e5}n", "fra", "l\u{e4}hett\u{e4}j\u{e4}", "od", "felad\u{f3}", "de la", "kimden",
    "g\u{f6}nderen", "dari", "t\u{1eeb}", "\u{3b1}\u{3c0}\u{3cc}", "\u{43e}\u{442}",
    "\u{432}\u{456}\u{434}", "\u{53d1}\u{4ef6}\u{4eba}", "\u{5bc4}\u{4ef6}\u{8005}",
    "\u{5dee}\u{51fa}\u{4eba}", "\u{9001}\u{4fe1}\u{8005}", "\u{bcf4}\u{b0b8} \u{c0ac}\u{b78c}",
    "\u{645}\u{646}", "\u{5de}\u{5d0}\u{5ea}",
];
/// As [`FROM`], of what says when.
#[rustfmt::skip]
pub(super) const SENT: &[&str] = &[
    "sent", "gesendet", "envoy\u{e9}", "envoy\u{e9} le", "enviado", "enviado el", "enviado em",
    "enviada", "enviada em", "inviato", "verzonden", "skickat", "sendt", "l\u{e4}hetetty",
    "wys\u{142}ano", "odesl\u{e1}no", "odoslan\u{e9}", "k\u{fc}ldve", "elk\u{fc}ldve", "trimis",
    "g\u{f6}nderildi", "terkirim", "\u{111}\u{e3} g\u{1eed}i",
    "\u{3b5}\u{3c3}\u{3c4}\u{3ac}\u{3bb}\u{3b7}",
    "\u{43e}\u{442}\u{43f}\u{440}\u{430}\u{432}\u{43b}\u{435}\u{43d}\u{43e}",
    "\u{43d}\u{430}\u{434}\u{456}\u{441}\u{43b}\u{430}\u{43d}\u{43e}",
    "\u{53d1}\u{9001}\u{65f6}\u{95f4}", "\u{5bc4}\u{4ef6}\u{65e5}\u{671f}",
    "\u{9001}\u{4fe1}\u{65e5}\u{6642}", "\u{bcf4}\u{b0b8} \u{b0a0}\u{c9dc}",
    "\u{62a}\u{645} \u{627}\u{644}\u{625}\u{631}\u{633}\u{627}\u{644}",
    "\u{5e0}\u{5e9}\u{5dc}\u{5d7}",
];
/// As [`FROM`], of a subject.
#[rustfmt::skip]
pub(super) const SUBJECT: &[&str] = &[
    "subject", "betreff", "objet", "asunto", "assunto", "oggetto", "onderwerp", "\u{e4}mne",
    "emne", "aihe", "temat", "p\u{159}edm\u{11b}t", "predmet", "t\u{e1}rgy", "subiect", "konu",
    "perihal", "subjek", "ch\u{1ee7} \u{111}\u{1ec1}", "\u{3b8}\u{3ad}\u{3bc}\u{3b1}",
    "\u{442}\u{435}\u{43c}\u{430}", "\u{4e3b}\u{9898}", "\u{4e3b}\u{65e8}", "\u{4ef6}\u{540d}",
    "\u{c81c}\u{baa9}", "\u{627}\u{644}\u{645}\u{648}\u{636}\u{648}\u{639}",
    "\u{5e0}\u{5d5}\u{5e9}\u{5d0}",
];
/// As [`FROM`], of what says to whom or when; such words label other things, too.
#[rustfmt::skip]
pub(super) const OTHER: &[&str] = &[
    "to", "cc", "bcc", "date", "reply-to", "an", "datum", "\u{e0}", "date d'envoi", "para",
    "fecha", "data", "a", "aan", "till", "til", "dato", "vastaanottaja",
    "p\u{e4}iv\u{e4}m\u{e4}\u{e4}r\u{e4}", "p\u{e4}iv\u{e4}ys", "do", "komu", "datum",
    "d\u{e1}tum", "c\u{ed}mzett", "c\u{103}tre", "kime", "al\u{131}c\u{131}", "tarih", "kepada",
    "tanggal", "\u{111}\u{1ebf}n", "ng\u{e0}y", "\u{3c0}\u{3c1}\u{3bf}\u{3c2}",
    "\u{3b7}\u{3bc}\u{3b5}\u{3c1}\u{3bf}\u{3bc}\u{3b7}\u{3bd}\u{3af}\u{3b1}",
    "\u{43a}\u{43e}\u{43c}\u{443}", "\u{434}\u{430}\u{442}\u{430}", "\u{6536}\u{4ef6}\u{4eba}",
    "\u{65e5}\u{671f}", "\u{5b9b}\u{5148}", "\u{65e5}\u{4ed8}",
    "\u{bc1b}\u{b294} \u{c0ac}\u{b78c}", "\u{b0a0}\u{c9dc}", "\u{625}\u{644}\u{649}",
    "\u{627}\u{644}\u{62a}\u{627}\u{631}\u{64a}\u{62e}", "\u{5d0}\u{5dc}",
    "\u{5ea}\u{5d0}\u{5e8}\u{5d9}\u{5da}",
];

/// How a line begins that a device adds, and what it holds besides, if that is not enough.
#[rustfmt::skip]
pub(super) const DEVICE: &[(&str, &str)] = &[
    ("Sent from my ", ""), ("Sent from Mail", ""), ("Sent from Outlook", ""),
    ("Sent from Yahoo", ""), ("Sent from Gmail", ""), ("Sent from AOL", ""),
    ("Sent from Proton", ""), ("Sent from Samsung", ""), ("Sent with Proton", ""),
    ("Sent via ", ""), ("Sent on the go", ""), ("Get Outlook for ", ""),
    ("Get BlueMail for ", ""), ("Von meinem ", "gesendet"), ("Von meiner ", "gesendet"),
    ("Gesendet von ", ""), ("Gesendet mit ", ""),
    ("Diese Nachricht wurde von meinem ", "gesendet"), ("Holen Sie sich Outlook", ""),
    ("Envoy\u{e9} de mon ", ""), ("Envoy\u{e9} depuis ", ""), ("Envoy\u{e9} \u{e0} partir d", ""),
    ("T\u{e9}l\u{e9}charger Outlook", ""), ("Enviado desde ", ""), ("Enviado de mi ", ""),
    ("Enviado do meu ", ""), ("Enviado de meu ", ""), ("Enviado a partir d", ""),
    ("Enviada do meu ", ""), ("Obtener Outlook para ", ""), ("Obter o Outlook para ", ""),
    ("Inviato da", ""), ("Inviato dal ", ""), ("Scarica Outlook", ""), ("Verstuurd vanaf ", ""),
    ("Verzonden vanaf ", ""), ("Verzonden met ", ""), ("Outlook voor ", ""),
    ("Skickat fr\u{e5}n ", ""), ("Sendt fra ", ""), ("Hent Outlook", ""), ("L\u{e4}hetetty ", ""),
    ("Wys\u{142}ano z ", ""), ("Wys\u{142}ane z ", ""), ("Pobierz program Outlook", ""),
    ("Odesl\u{e1}no z ", ""), ("Odoslan\u{e9} z ", ""), ("Trimis de pe ", ""),
    ("Elk\u{fc}ldve ", ""), ("iPhone'umdan g\u{f6}nderildi", ""),
    ("iPhone\u{2019}umdan g\u{f6}nderildi", ""), ("iPad'imden g\u{f6}nderildi", ""),
    ("Dikirim dari ", ""), ("G\u{1eed}i t\u{1eeb} ", ""),
    ("\u{3a3}\u{3c4}\u{3ac}\u{3bb}\u{3b8}\u{3b7}\u{3ba}\u{3b5} \u{3b1}\u{3c0}\u{3cc} ", ""),
    ("\u{41e}\u{442}\u{43f}\u{440}\u{430}\u{432}\u{43b}\u{435}\u{43d}\u{43e} \u{441} ", ""),
    ("\u{41e}\u{442}\u{43f}\u{440}\u{430}\u{432}\u{43b}\u{435}\u{43d}\u{43e} \u{438}\u{437} ", ""),
    ("\u{41d}\u{430}\u{434}\u{456}\u{441}\u{43b}\u{430}\u{43d}\u{43e} \u{437} ", ""),
    ("\u{53d1}\u{81ea}\u{6211}\u{7684}", ""), ("\u{4ece}\u{6211}\u{7684}", "\u{53d1}\u{9001}"),
    ("\u{5f9e}\u{6211}\u{7684}", "\u{50b3}\u{9001}"),
    ("iPhone\u{304b}\u{3089}\u{9001}\u{4fe1}", ""), ("iPad\u{304b}\u{3089}\u{9001}\u{4fe1}", ""),
    ("\u{b098}\u{c758} iPhone", "\u{bcf4}\u{b0c4}"), ("\u{b0b4} iPhone", "\u{bcf4}\u{b0c4}"),
    ("\u{623}\u{64f}\u{631}\u{633}\u{644}\u{62a} \u{645}\u{646} ", ""),
    ("\u{62a}\u{645} \u{627}\u{644}\u{625}\u{631}\u{633}\u{627}\u{644} \u{645}\u{646} ", ""),
    ("\u{5e0}\u{5e9}\u{5dc}\u{5d7} \u{5de}", ""),
];

/// Words that close a letter, in small letters; what stands below is a signature.
#[rustfmt::skip]
pub(super) const CLOSING: &[&str] = &[
    "best regards", "kind regards", "warm regards", "regards", "with best regards",
    "many regards", "best wishes", "sincerely", "sincerely yours", "yours sincerely",
    "yours faithfully", "yours truly", "respectfully", "cordially", "best", "cheers",
    "mit freundlichen gr\u{fc}\u{df}en", "mit freundlichen gr\u{fc}ssen",
    "mit freundlichem gru\u{df}", "freundliche gr\u{fc}\u{df}e", "freundliche gr\u{fc}sse",
    "viele gr\u{fc}\u{df}e", "beste gr\u{fc}\u{df}e", "liebe gr\u{fc}\u{df}e",
    "sch\u{f6}ne gr\u{fc}\u{df}e", "hochachtungsvoll", "mfg", "lg", "vg", "cordialement",
    "bien cordialement", "bien \u{e0} vous", "sinc\u{e8}res salutations",
    "salutations distingu\u{e9}es", "meilleures salutations", "cordiales saludos", "saludos",
    "un saludo", "saludos cordiales", "un cordial saludo", "atentamente", "atenciosamente",
    "cumprimentos", "com os melhores cumprimentos", "melhores cumprimentos", "att",
    "abra\u{e7}os", "cordiali saluti", "distinti saluti", "saluti", "met vriendelijke groet",
    "met vriendelijke groeten", "vriendelijke groet", "groeten", "mvg",
    "med v\u{e4}nliga h\u{e4}lsningar", "v\u{e4}nliga h\u{e4}lsningar", "med venlig hilsen",
    "venlig hilsen", "med vennlig hilsen", "vennlig hilsen", "yst\u{e4}v\u{e4}llisin terveisin",
    "terveisin", "z powa\u{17c}aniem", "pozdrawiam", "s pozdravem", "s pozdravom",
    "\u{fc}dv\u{f6}zlettel", "sayg\u{131}lar\u{131}mla", "iyi g\u{fc}nler",
    "\u{441} \u{443}\u{432}\u{430}\u{436}\u{435}\u{43d}\u{438}\u{435}\u{43c}",
];

/// How a paragraph begins that a lawyer adds, in small letters.
#[rustfmt::skip]
pub(super) const LEGAL_STARTS: &[&str] = &[
    "this e-mail", "this email", "this message", "this communication", "this transmission",
    "the information contained in", "the information in this", "the contents of this",
    "the content of this", "confidentiality", "confidential notice", "disclaimer", "privileged",
    "important notice", "notice:", "if you are not the intended", "if you have received this",
    "please consider the environment", "think before you print", "diese e-mail", "diese email",
    "diese nachricht", "der inhalt dieser", "die information", "vertraulichkeit",
    "wichtiger hinweis", "bitte denken sie an die umwelt", "ce message", "ce courriel",
    "cet e-mail", "cet email", "ce courrier \u{e9}lectronique", "les informations contenues",
    "avis de confidentialit\u{e9}", "pensez \u{e0} l'environnement", "este mensaje",
    "este correo", "la informaci\u{f3}n contenida", "aviso de confidencialidad", "aviso legal",
    "esta mensagem", "este e-mail", "este email", "as informa\u{e7}\u{f5}es contidas",
    "questo messaggio", "questa e-mail", "questa email", "le informazioni contenute",
    "dit bericht", "deze e-mail", "de informatie in", "detta meddelande", "denna e-post",
    "denne e-mail", "denne e-posten", "t\u{e4}m\u{e4} viesti", "ta wiadomo\u{15b}\u{107}",
    "niniejsza wiadomo\u{15b}\u{107}", "tato zpr\u{e1}va", "bu e-posta", "bu mesaj",
    "\u{43d}\u{430}\u{441}\u{442}\u{43e}\u{44f}\u{449}\u{435}\u{435}",
    "\u{44d}\u{442}\u{43e} \u{441}\u{43e}\u{43e}\u{431}\u{449}\u{435}\u{43d}\u{438}\u{435}",
];
/// What such a paragraph holds.
#[rustfmt::skip]
pub(super) const LEGAL_WORDS: &[&str] = &[
    "confidential", "intended recipient", "intended solely", "intended only", "privileged",
    "unauthorized", "unauthorised", "consider the environment", "before you print",
    "printing this", "vertraulich", "umwelt", "unbefugt", "confidentiel", "destinataire",
    "environnement", "confidencial", "destinatari", "vertrouwelijk", "konfidentiell", "fortrolig",
    "luottamuksellinen", "poufn", "d\u{16f}v\u{11b}rn", "gizli", "riservat",
    "\u{43a}\u{43e}\u{43d}\u{444}\u{438}\u{434}\u{435}\u{43d}\u{446}\u{438}\u{430}\u{43b}\u{44c}\u{43d}",
];

/// Who answers in the transcript of a chat, in small letters.
#[rustfmt::skip]
pub(super) const AGENTS: &[&str] = &[
    "agent", "support", "support agent", "customer support", "customer service", "service", "bot",
    "chatbot", "chat bot", "virtual assistant", "assistant", "advisor", "adviser", "operator",
    "representative", "rep", "helpdesk", "help desk", "system", "moderator", "berater",
    "kundenservice", "mitarbeiter", "kundendienst", "agente", "soporte", "asistente", "operador",
    "conseiller", "conseill\u{e8}re", "assistance", "service client", "atendente", "suporte",
    "atendimento", "assistente", "operatore", "medewerker", "klantenservice",
];
/// Who asks in it.
#[rustfmt::skip]
pub(super) const CUSTOMERS: &[&str] = &[
    "customer", "me", "user", "client", "visitor", "guest", "caller", "kunde", "kundin", "ich",
    "nutzer", "besucher", "cliente", "usuario", "visitante", "yo", "moi", "utilisateur",
    "visiteur", "usu\u{e1}rio", "eu", "io", "utente", "klant", "ik", "bezoeker",
];
