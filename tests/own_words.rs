//! A customer's own words are found in mails, forms and transcripts, and lead back to the text.

use confidant::OwnWords;

fn own(text: &str) -> String {
    OwnWords::new(text).as_str().trim().to_owned()
}

/// Mailers' headings of a quotation, in one line.
const HEADINGS: &[&str] = &[
    "On Mon, 2 Jan 2026 at 10:00, Desk <help@shop.example> wrote:",
    "Am Fr., 2. Jan. 2026 um 10:00 Uhr schrieb Desk <help@shop.example>:",
    "Le ven. 2 janv. 2026 \u{e0} 10:00, Desk <help@shop.example> a \u{e9}crit\u{a0}:",
    "El vie, 2 ene 2026 a las 10:00, Desk (<help@shop.example>) escribi\u{f3}:",
    "Il giorno ven 2 gen 2026 alle ore 10:00 Desk <help@shop.example> ha scritto:",
    "Em sex., 2 de jan. de 2026 \u{e0}s 10:00, Desk <help@shop.example> escreveu:",
    "Op vr 2 jan 2026 om 10:00 schreef Desk <help@shop.example>:",
    "Den fre 2 jan. 2026 kl 10:00 skrev Desk <help@shop.example>:",
    "pe 2. tammik. 2026 klo 10.00 Desk (help@shop.example) kirjoitti:",
    "pt., 2 sty 2026 o 10:00 Desk <help@shop.example> napisa\u{142}(a):",
    "p\u{e1} 2. 1. 2026 v 10:00 odes\u{ed}latel Desk <help@shop.example> napsal:",
    "\u{43f}\u{442}, 2 \u{44f}\u{43d}\u{432}. 2026 \u{433}. \u{432} 10:00, Desk <help@shop.example>:",
    "Desk <help@shop.example>, 2 Oca 2026 Cum, 10:00 tarihinde \u{15f}unu yazd\u{131}:",
    "2026\u{5e74}1\u{6708}2\u{65e5}(\u{91d1}) 10:00 Desk <help@shop.example>:",
    "Desk <help@shop.example> \u{4e8e}2026\u{5e74}1\u{6708}2\u{65e5}\u{5468}\u{4e94} 10:00\u{5199}\u{9053}\u{ff1a}",
    "2026\u{b144} 1\u{c6d4} 2\u{c77c} (\u{ae08}) \u{c624}\u{c804} 10:00, Desk <help@shop.example>\u{b2d8}\u{c774} \u{c791}\u{c131}:",
];

#[test]
fn a_quotation_is_left_out_in_every_mailers_language() {
    for heading in HEADINGS {
        for below in ["> Please call me.\n> Bye\n", "Please call me.\nBye\n", "\n>Please call me."]
        {
            assert_eq!(own(&format!("Thanks!\n\n{heading}\n{below}")), "Thanks!", "{heading}");
        }
        let wrapped = heading.replace(" <", "\n<").replace("10:00, ", "10:00,\n");
        assert_eq!(own(&format!("Thanks!\n{wrapped}\n\nCall me.")), "Thanks!", "{wrapped}");
    }
}

#[test]
fn answers_between_and_below_quoted_lines_are_kept() {
    for heading in HEADINGS {
        let mail = format!("{heading}\n> Which order?\nOrder 10-31415, thanks\n> When?\n\nToday");
        assert_eq!(own(&mail), "Order 10-31415, thanks\n\nToday", "{heading}");
    }
}

#[test]
fn a_line_that_a_mailer_broke_off_belongs_to_the_quotation() {
    let mail = "> We have looked at your order and it seems that it was sent on the\n\
                third of May\n> to your address.\nThat is not so.";
    assert_eq!(own(mail), "That is not so.");
}

#[test]
fn a_customers_sentence_that_reads_like_a_heading_is_kept() {
    for text in [
        "On the box somebody wrote:\nfragile. It came broken.",
        "I asked on Monday and your colleague wrote:\nwe will see",
        "From: Hamburg\nTo: Munich\nThe parcel is lost.",
        "To: be honest\nI do not know",
        "Date: tomorrow\nTime: 10:00\nTable for two",
        "My name is -- well, Bob.\nCall me",
        ">:( this is bad\nreally",
        "a -- b\n--c\nwho wrote: me",
        "I will forward the message:\nit works",
        "I sent from my iPhone a picture\nand it failed",
        "Agent: Bob\nOrder: 4711\nIt is late",
        "This message is wrong:\nerror 17",
        "This email is what I use\nplease keep it",
        "5 > 4\nis true",
    ] {
        assert_eq!(own(text), text);
        assert!(OwnWords::new(text).is_whole(), "{text}");
    }
}

#[test]
fn heads_of_repeated_messages_are_known_in_many_languages() {
    for head in [
        "From: Desk <help@shop.example>\nSent: Monday\nTo: Anna\nSubject: Hi",
        "*From:* Desk\n*Date:* Monday\n*To:* Anna\n*Subject:* Hi",
        "Von: Desk\nGesendet: Montag\nAn: Anna\nBetreff: Hallo",
        "De : Desk\nEnvoy\u{e9} : lundi\n\u{c0} : Anna\nObjet : Bonjour",
        "De: Desk\nEnviado el: lunes\nPara: Anna\nAsunto: Hola",
        "De: Desk\nEnviada em: segunda\nPara: Anna\nAssunto: Oi",
        "Da: Desk\nInviato: luned\u{ec}\nA: Anna\nOggetto: Ciao",
        "Van: Desk\nVerzonden: maandag\nAan: Anna\nOnderwerp: Hoi",
        "Fr\u{e5}n: Desk\nSkickat: m\u{e5}ndag\nTill: Anna\n\u{c4}mne: Hej",
        "Fra: Desk\nSendt: mandag\nTil: Anna\nEmne: Hei",
        "Od: Desk\nWys\u{142}ano: pon.\nDo: Anna\nTemat: x",
        "\u{41e}\u{442}: Desk\n\u{41e}\u{442}\u{43f}\u{440}\u{430}\u{432}\u{43b}\u{435}\u{43d}\u{43e}: \u{43f}\u{43d}\n\u{41a}\u{43e}\u{43c}\u{443}: Anna",
        "Kimden: Desk\nG\u{f6}nderildi: Pzt\nKime: Anna\nKonu: x",
        "\u{53d1}\u{4ef6}\u{4eba}: Desk\n\u{53d1}\u{9001}\u{65f6}\u{95f4}: 1\n\u{6536}\u{4ef6}\u{4eba}: Anna\n\u{4e3b}\u{9898}: x",
        "\u{5dee}\u{51fa}\u{4eba}: Desk\n\u{9001}\u{4fe1}\u{65e5}\u{6642}: 1\n\u{5b9b}\u{5148}: Anna\n\u{4ef6}\u{540d}: x",
    ] {
        for before in ["", "________________________________\n", "-----Original Message-----\n"] {
            let mail = format!("Yes please.\n\n{before}{head}\n\nCall +1 555 123 4567.");
            assert_eq!(own(&mail), "Yes please.", "{head}");
        }
    }
}

#[test]
fn announced_messages_are_known_in_many_languages() {
    for line in [
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
        "-----Urspr\u{fc}ngliche Nachricht-----",
        "-------- Weitergeleitete Nachricht --------",
        "Anfang der weitergeleiteten Nachricht:",
        "-----Message d'origine-----",
        "---------- Message transf\u{e9}r\u{e9} ---------",
        "D\u{e9}but du message r\u{e9}exp\u{e9}di\u{e9} :",
        "-----Mensaje original-----",
        "Inicio del mensaje reenviado:",
        "-----Messaggio originale-----",
        "Inizio messaggio inoltrato:",
        "-----Mensagem original-----",
        "In\u{ed}cio da mensagem encaminhada:",
        "-----Oorspronkelijk bericht-----",
        "Begin doorgestuurd bericht:",
        "-----Ursprungligt meddelande-----",
        "-----Opprinnelig melding-----",
        "-----Oprindelig meddelelse-----",
        "-----Alkuper\u{e4}inen viesti-----",
        "-----Wiadomo\u{15b}\u{107} oryginalna-----",
        "-----P\u{16f}vodn\u{ed} zpr\u{e1}va-----",
        "-----Orijinal Mesaj-----",
        "------------------ \u{539f}\u{59cb}\u{90ae}\u{4ef6} ------------------",
    ] {
        assert_eq!(
            own(&format!("Please see below.\n\n{line}\nCall me.\n")),
            "Please see below.",
            "{line}"
        );
        let marked = format!("{line}\n\n> Call me.\n> Bye\n\nWhat is this?");
        assert_eq!(own(&marked), "What is this?", "{line}");
    }
}

#[test]
fn lines_of_devices_signatures_and_lawyers_are_left_out() {
    for line in [
        "Sent from my iPhone",
        "Sent from my Samsung Galaxy smartphone.",
        "Get Outlook for iOS",
        "Von meinem iPhone gesendet",
        "Gesendet von Mail f\u{fc}r Windows",
        "Envoy\u{e9} de mon iPhone",
        "Enviado desde mi iPhone",
        "Enviado do meu iPhone",
        "Inviato da iPhone",
        "Verstuurd vanaf mijn iPhone",
        "Skickat fr\u{e5}n min iPhone",
        "Sendt fra min iPhone",
        "Wys\u{142}ane z iPhone'a",
        "Odesl\u{e1}no z iPhonu",
        "\u{41e}\u{442}\u{43f}\u{440}\u{430}\u{432}\u{43b}\u{435}\u{43d}\u{43e} \u{441} iPhone",
        "iPhone'umdan g\u{f6}nderildi",
        "iPhone\u{304b}\u{3089}\u{9001}\u{4fe1}",
        "\u{53d1}\u{81ea}\u{6211}\u{7684} iPhone",
    ] {
        assert_eq!(own(&format!("Where is it?\n\n{line}\n")), "Where is it?", "{line}");
        assert_eq!(own(&format!("Where is it? {line}")), "Where is it?", "{line}");
        assert_eq!(own(line), "", "{line}");
    }
    for (mail, words) in [
        ("Where is it?\n-- \nJane Roe\nAttorney at Law\n+1 555 123 4567", "Where is it?"),
        (
            "Hi\n\nKind regards,\nJane Roe\nAttorney at Law\n+1 555 123 4567",
            "Hi\n\nKind regards,\nJane Roe",
        ),
        (
            "Hi\n\nMit freundlichen Gr\u{fc}\u{df}en\nJane\nAnw\u{e4}ltin",
            "Hi\n\nMit freundlichen Gr\u{fc}\u{df}en\nJane",
        ),
        ("Thanks,\nBob\nPS: it is late.", "Thanks,\nBob\nPS: it is late."),
        ("Best,\nBob\nCEO\nPS: it is late.", "Best,\nBob\nPS: it is late."),
        ("Yes\n\nThis e-mail and any attachments are confidential and\nmay be privileged.", "Yes"),
        ("Ja\n\nDiese E-Mail enth\u{e4}lt vertrauliche Informationen.\n", "Ja"),
        ("Oui\n\nCe message et ses pi\u{e8}ces jointes sont confidentiels.\n", "Oui"),
        ("S\u{ed}\n\nEste mensaje es confidencial y para su destinatario.\n", "S\u{ed}"),
        ("a\n```\nerror\n```\nb", "a\nb"),
    ] {
        assert_eq!(own(mail), words, "{mail}");
    }
}

#[test]
fn a_transcript_holds_the_customers_lines_alone() {
    for (text, words) in [
        ("Agent: Shall we call you?\nCustomer: No, thanks.\nAgent: Fine.\nBye", "No, thanks."),
        ("[10:22] Support: Call us!\n[10:23] Me: no\nnever\n[10:24] Support: ok", "no\nnever"),
        ("Kunde: Wo ist es?\nBerater: Wir rufen an.", "Wo ist es?"),
        ("(10:01) Support Agent (Eve): hi\n(10:02) Visitor: help", "help"),
    ] {
        assert_eq!(own(text), words, "{text}");
    }
}

#[test]
fn html_mail_is_read_as_plain_mail_is() {
    let gmail = "<div dir=\"ltr\">Danke!</div><br><div class=\"gmail_quote\"><div class=\"gmail_attr\">\
        Am Fr., 2. Jan. 2026 um 10:00 Uhr schrieb Desk &lt;<a href=\"mailto:x@y.z\">help@shop.example</a>&gt;:<br>\
        </div><blockquote class=\"gmail_quote\"><div>Please call me.</div></blockquote></div>";
    assert_eq!(own(gmail), "Danke!");
    let outlook = "<html><head><style>p {color: red}</style></head><body><p class=MsoNormal>Yes.<o:p></o:p></p>\
        <div style='border:none;border-top:solid #E1E1E1 1.0pt'><p><b>From:</b> Desk<br><b>Sent:</b> Monday<br>\
        <b>To:</b> Anna<br><b>Subject:</b> Hi</p></div><p>Call me.</p></body></html>";
    assert_eq!(own(outlook), "Yes.");
}

#[test]
fn every_place_of_the_own_words_lies_in_the_stored_text() {
    let pieces = [
        "<p>",
        "</p>",
        "<br>",
        "&amp;",
        "&#39;",
        "<blockquote>",
        "</blockquote>",
        "\n",
        "> ",
        "a b",
        "\u{e4}",
        "\r\n",
        "<b",
        ">",
        "<script>",
        "</script>",
        "-- \n",
        "From: x@y.z\nSent: y\n",
        "&",
        "Agent: x\nMe: ",
        "<style>",
        "<!--",
        "-->",
        "\u{1f600}",
        "<i hidden>",
        "On 2 Jan 10:00 x@y wrote:\n",
    ];
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("is small") % below
    };
    for _ in 0..20_000 {
        let text: String = (0..9).map(|_| pieces[random(pieces.len())]).collect();
        let own = OwnWords::new(&text);
        let places: Vec<usize> =
            own.as_str().char_indices().map(|(at, _)| at).chain([own.as_str().len()]).collect();
        let mut last = 0;
        for pair in places.windows(2) {
            let span = own.original(pair[0]..pair[1]);
            assert!(text.get(span.clone()).is_some(), "{text:?} {span:?}");
            assert!(span.start >= last, "{text:?} {span:?}");
            last = span.start;
        }
    }
}

#[test]
fn signals_are_read_from_own_words_and_shown_in_the_stored_text() {
    let read = |text| confidant::Signals::of(text, &confidant::SignalContext::new());
    for text in [
        "Perfect, thank you!\n\n> Can I speak to a manager?\n",
        "<p>Perfect, thank you!</p><blockquote>Can I speak to a manager?</blockquote>",
        "I don&#39;t want to talk to a human.",
    ] {
        assert_eq!(read(text).escalations, [], "{text}");
    }
    let text = "> hello\n<p>I can&#39;t access my account</p>";
    let shown = &read(text).topics[0].cues[0];
    assert_eq!(&text[shown.span.clone()], "can&#39;t access");
}
