//! Small words of the languages that customers mostly write in.

/// A language's code and its words; one that several languages have stands with each.
#[rustfmt::skip]
pub(super) const SMALL_WORDS: [(&str, &str); 20] = [
    ("en", "the and you is are was have has not this that with for my your what where when how \
            can could please would been it's i'm don't there they which why will do does did of \
            to in it me we from an at on hello thanks want need i if but so"),
    ("de", "der die das und ist nicht ich sie ein eine einen einer mein meine meiner mit f\u{fc}r \
            auf wie wo bitte kann habe haben wird wurde noch auch von zu dem den im es aber warum \
            wann k\u{f6}nnen m\u{f6}chte will seit bin sind war hat mir mich ihr ihre nach bei was danke \
            hallo keine kein wir uns ihnen"),
    ("es", "el la los las que de y no es en un una por con para mi su est\u{e1} pero c\u{f3}mo \
            d\u{f3}nde quiero tengo ha he se lo me le les como favor puede pueden todav\u{ed}a del al \
            muy m\u{e1}s usted ustedes gracias hola cu\u{e1}ndo qu\u{e9} este esta mis necesito"),
    ("fr", "le la les et est je ne pas un une des du de que vous mon ma mes pour dans sur avec \
            o\u{f9} comment merci bonjour pouvez voudrais veux suis ai avez \u{e9}t\u{e9} c'est n'est \
            j'ai encore mais votre nous il elle au aux ce cette qui tr\u{e8}s plus \u{e0} quand"),
    ("pt", "o os as e que n\u{e3}o um uma do da de em no na por com para meu minha est\u{e1} mas como \
            onde quero tenho foi voc\u{ea} voc\u{ea}s ainda pelo obrigado obrigada ol\u{e1} pode podem \
            seu sua muito mais eu \u{e9} s\u{e3}o j\u{e1} ao \u{e0} isso isto favor preciso quando"),
    ("ca", "el la els les i que no ha un una per amb meu meva encara per\u{f2} \u{e9}s on quan com \
            vull si us plau tinc de del en est\u{e0} gr\u{e0}cies"),
    ("it", "il lo gli la le che non un una di \u{e8} e per con mio mia sono ho ha dove come ancora \
            grazie vorrei posso della del nel questo questa ma anche si voglio quando perch\u{e9}"),
    ("nl", "de het een en is niet ik u mijn van voor met op hoe waar kan wil heb nog maar ook zijn \
            wordt dat dit bij naar aan graag wel geen jullie wanneer waarom"),
    ("sv", "och \u{e4}r jag inte att det en ett min mitt p\u{e5} f\u{f6}r med av har kan vill var n\u{e4}r \
            hur \u{e4}nnu \u{e4}n men fr\u{e5}n till den som ni"),
    ("da", "og er jeg ikke at det en et min mit p\u{e5} for med af har kan vil hvor hvorn\u{e5}r endnu \
            men fra til den som jer"),
    ("no", "og er jeg ikke \u{e5} det en et min mitt p\u{e5} for med av har kan vil hvor n\u{e5}r enn\u{e5} \
            men fra til den som dere hva"),
    ("pl", "nie i jest w na si\u{119} do z jak m\u{f3}j moja moje gdzie prosz\u{119} mam \u{17c}e co czy \
            to jeszcze dla od po"),
    ("cs", "je se na v ne \u{17e}e jak m\u{16f}j moje kde pros\u{ed}m je\u{161}t\u{11b} nen\u{ed} a ale jsem"),
    ("tr", "bir ve bu i\u{e7}in ne de\u{11f}il var yok m\u{131} mi ile nerede nas\u{131}l l\u{fc}tfen ben \
            benim hen\u{fc}z daha \u{e7}ok"),
    ("fi", "on ei ja se minun miksi miss\u{e4} mutta viel\u{e4} en ett\u{e4} kun ole voi oli"),
    ("ro", "\u{219}i nu este am un o de la cu pentru unde v\u{103} rog meu mea \u{ee}nc\u{103} c\u{103} care"),
    ("hu", "a az nem \u{e9}s egy van hogy meg m\u{e9}g hol k\u{e9}rem"),
    ("id", "saya tidak yang dan di ini itu belum sudah untuk dengan apa mana bisa tolong"),
    ("ru", "\u{438} \u{432} \u{43d}\u{435} \u{43d}\u{430} \u{44f} \u{447}\u{442}\u{43e} \u{441} \u{44d}\u{442}\u{43e} \u{43a}\u{430}\u{43a} \
            \u{43c}\u{43d}\u{435} \u{43c}\u{43e}\u{439} \u{43c}\u{43e}\u{44f} \u{433}\u{434}\u{435} \u{43a}\u{43e}\u{433}\u{434}\u{430} \u{43f}\u{43e}\u{447}\u{435}\u{43c}\u{443} \
            \u{435}\u{449}\u{435} \u{435}\u{449}\u{451} \u{43d}\u{435}\u{442} \u{435}\u{441}\u{442}\u{44c} \u{431}\u{44b}\u{43b} \u{431}\u{44b}\u{43b}\u{430} \u{434}\u{43b}\u{44f} \u{432}\u{44b} \
            \u{438}\u{437} \u{43e}\u{442} \u{43c}\u{435}\u{43d}\u{44f} \u{43c}\u{43e}\u{436}\u{43d}\u{43e}"),
    ("uk", "\u{456} \u{432} \u{43d}\u{435} \u{43d}\u{430} \u{44f} \u{449}\u{43e} \u{437} \u{446}\u{435} \u{44f}\u{43a} \u{43c}\u{435}\u{43d}\u{456} \
            \u{43c}\u{456}\u{439} \u{43c}\u{43e}\u{44f} \u{43c}\u{43e}\u{454} \u{434}\u{435} \u{43a}\u{43e}\u{43b}\u{438} \u{447}\u{43e}\u{43c}\u{443} \u{449}\u{435} \
            \u{43d}\u{435}\u{43c}\u{430}\u{454} \u{454} \u{431}\u{443}\u{432} \u{431}\u{443}\u{43b}\u{430} \u{434}\u{43b}\u{44f} \u{432}\u{438} \u{432}\u{456}\u{434} \
            \u{43c}\u{435}\u{43d}\u{435} \u{43c}\u{43e}\u{436}\u{43d}\u{430} \u{442}\u{430}"),
];
