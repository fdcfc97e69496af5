//! What a name looks like.
//!
//! Knows common given names, and which words are no names though they begin with a capital.
//! Whoever is not sure asks for a given name; a shape alone is believed only behind words that
//! leave no other reading, as "my name is".

use super::reading::{Gap, Token};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::OnceLock;

/// The longest name, in words and in bytes.
const MAX_WORDS: usize = 3;
const MAX_BYTES: usize = 80;

/// Common given names of many countries; none of them is an everyday English word or the name of
/// a people, a place, a day or a company at least as often.
const GIVEN: &str = "
aaron abdul abdullah abigail adam adele adnan adrian adriana agnes agnieszka ahmad ahmed aidan aisha
akira alan albert alberto alejandra alejandro alessandro alessia alex alexa alexander alexandra
alexandre alexei alexis alfonso alfred ali alice alicia alina alison allan allison alma alvaro alyssa
amanda amber amelia amelie amina amir amit amy ana anastasia andre andrea andreas andrei andrej andres
andrew andrzej andy angela angelica angelika angelina angelo anil anita anja anke ann anna annabelle
anne annette annika anthony antoine anton antonia antonio anya arjun arlene armando arnaud arnold
arthur arturo ashley asif astrid audrey augusto aurelie ava axel ayesha aylin barbara bartosz beatrice
beatriz belinda ben benedict benjamin bernard bernd bernice beth bethany betty bianca bob bobby boris
brad bradley brandon brenda brendan brent brett brian bridget britta bruce bruno bryan burak caitlin
calvin cameron camila camille carina carl carla carlos carmen carol carolina caroline carolyn carsten
casey catalina catherine cathy cecilia cedric celine cesar chantal charles charlie charlotte chloe chris
christa christian christiane christina christine christoph christophe christopher cindy claire clara
clarissa claude claudia claudio claus colin colleen connor constance corinna corinne cornelia craig
cristian cristina curtis cynthia dagmar damian damien dan dana daniel daniela danielle danny daphne
darren dave david davide dawid deborah debbie debra deepak deepika delia denis denise dennis derek
desmond detlef diana diane diego dieter dietmar dimitri dirk dmitri dolores dominic dominik dominique
donald donna doreen doris dorothea dorothy doug douglas duncan dustin dylan eberhard eddie edgar
eduardo edward edwin eileen elaine eleanor elena eli elias elif elisa elisabeth elise elizabeth ella
ellen ellie elsa elvira emanuel emil emilia emilie emily emir emma emmanuel enrique eric erica erich
erik erika ernesto ernst erwin esteban estelle esther ethan eugene eva evan eve evelyn ewa fabian
fabio fabrice farah fatima fatma federico felicia felipe felix ferdinand fernanda fernando finn fiona
florian francesca francesco francis francisco franco francois franz fred freddie frederic frederick
frida friedrich fritz gabriel gabriela gabriele gabriella gail gareth gary gavin genevieve geoff
geoffrey george georgia gerald gerard gerd gerhard gianluca gilbert gina giorgio giovanni gisela
giulia giuseppe glenn gloria gonzalo gordon graham greg gregor gregory greta gudrun guido guillaume
guillermo gunther gustav gustavo guy gwen hamza hannah hannes hans harald harold harry hartmut harvey
hassan hector heidi heike heiko heinrich heinz helen helena helga helmut hendrik henri henrik henry
herbert hermann hilary hilde holger horst howard hubert hugh hugo hussein ian ibrahim ida ignacio
igor imran ines ingo ingrid irena irene irina iris irma isaac isabel isabella isabelle ismail ivan
ivana jack jackie jacob jacqueline jacques jade jake jakob jakub jamal james jamie jan jana jane janet
janice janine jasmin jasmine jason javier jean jeanette jeff jeffrey jenna jennifer jenny jens jeremy
jerome jerry jesse jessica jessie jesus jill jim jimmy joan joana joanna joanne joao joaquin jochen
joe joel joerg johan johanna johannes john johnny jonas jonathan jordan jorge jose josef joseph
josephine josh joshua joyce juan juana juanita judith judy julia julian juliana julie julien juliet
julio jun jurgen justin justine kai karen karim karin karina karl karla karolina kasia kate katharina
katherine kathleen kathrin kathryn kathy katie katja katrin katrina kaya keith kelly ken kenji kenneth
kenny kerstin kevin khadija khalid kiara kim kimberly kiran kirsten klara klaus konrad konstantin kris
krishna kristen kristin kristina krzysztof kurt kyle lakshmi lara larissa lars laura lauren laurence
laurent lea leah lee leila lena leo leon leonard leonardo leonie leopold leroy leslie lewis liam lidia
liesel lilian lillian lily lina linda lindsay lindsey linus lionel lisa liz lois lola lorena lorenzo
loretta lori lothar lotte lou louis louisa louise luc luca lucas lucia luciano lucie lucy ludwig luigi
luis luisa lukas luke lutz lydia lynn madeleine madison magdalena maggie mahmoud maja malcolm
malgorzata malik manfred manuel manuela marc marcel marcela marcin marco marcos marcus margaret margit
maria mariam marianne marie marina mario marion marius marjorie marko markus marlene marta martha
martin martina martine marvin mary maryam mateo mateusz mathias mathieu mathilde matilda matt matteo
matthew matthias mattias maureen maurice mauricio max maxim maxime maximilian maya megan mehmet meike
mei melanie melinda melissa meredith mia michael michaela michal michel michele michelle miguel mika
mike mikhail mila milan milena miles min mirjam miriam mitchell mohamed mohammad mohammed moira monika
monica monique moritz morgan moses muhammad murat mustafa myriam nadia nadine nancy naomi natalia natalie
natasha nathalie nathan nathaniel neha neil nelson nico nicholas nicola nicolas nicole nigel nikita
niklas nikolai nikolas nils nina noah noel noemi nora norbert norma norman oleg olga oliver olivia
olivier omar oscar oskar osman otto owen pablo pamela paola paolo pascal patricia patricio patrick
patty paul paula paulina pauline paulo pavel pedro peggy penelope peter petra phil philip philipp
philippe phillip phoebe phyllis pierre pilar piotr pooja pradeep preeti priscilla priya quentin rachel
rafael rafaela raj rajesh ralf ralph ramesh ramon ramona randy raquel rashid raul ravi raymond rebecca
regina reinhard rene renata renate reza rhonda ricardo riccardo richard rick ricky rita rob robert
roberta roberto robin rodrigo roger rohan roland rolf roman ron ronald ronja ronny rosa rosalie
rosemary rosie ross roxanne roy ruben rudolf rudy rupert russell ruth ryan sabina sabine sabrina sadia
said salma salvador sam samantha sami samir samuel sandeep sandra sandy sanjay santiago sara sarah
sascha saskia scott sean sebastian selena selim selma serena serge sergei sergey sergio seth shane
shannon sharon shaun shawn sheila shelly sheryl shirley shreya sibylle siegfried sigrid silke silvia
simon simona simone sofia sofie sonia sonja sophia sophie stacy stan stanislav stanley stefan stefania
stefanie steffen stella stephan stephane stephanie stephen steve steven stuart sue suresh susan susana
susanna susanne susie suzanne svea sven svenja sylvia sylvie tamara tania tanja tanya tara tatiana
tatjana ted teresa terrence terry thea theo theodore theresa therese thierry thomas thorsten tiffany
till tim timo timothy tina tobias toby todd tom tomas tomasz tommy toni tony torsten tracy travis
trevor tristan troy ulrich ulrike umar ursula usha ute uwe valentina valentine valeria valerie vanessa
vera veronica veronika vicki vicky victor victoria vijay vikram viktor vincent viola virginia vishal
vivian viviane vlad vladimir volker walter wanda wayne wei wendy werner wesley wilfried wilhelm
wilhelmina will willem william willy winfried wojciech wolfgang xavier xiao yasmin yasmine yolanda
youssef yuki yuri yusuf yves yvette yvonne zachary zahra zainab zara zoe zofia zsofia
";

/// Words that stand behind "call me" or "my name is" and are no names.
const NO_NAMES: &str = "
a about after again all also always an and angry annoyed another any anytime anyway asap at back before
between by cab call called can cell correct correctly crazy cynical daily dear directly dr during each
early email english every everyday evenings everytime first fine for friday from german good
here home if immediately impatient in incorrect incorrectly instead is it just late later
liar listed madam mad maam ma'am may maybe me miss misspelled mispelled mister mobile monday mornings
mr mrs ms my names never new next no not now number oldfashioned old on once one only or ourselves out
over paranoid pessimist phone please quick right saturday sir skeptical so someday sometime
sometimes soon spelled spelt still stupid sunday taxi thanks the then this thursday today
tomorrow tonight too tuesday under up urgently us via we wednesday weekdays weekends
whatever when whenever with within work wrong wrongly yes yesterday you your
";

/// Words that may stand behind a name; any other shows that the name goes on or is none.
const BEHIND: [&str; 32] = [
    "please", "and", "or", "not", "from", "instead", "thanks", "thank", "if", "but", "for", "when",
    "in", "now", "here", "rather", "anymore", "any", "again", "is", "because", "as", "ok", "so",
    "with", "i", "my", "at", "btw", "by", "who", "then",
];

fn listed(words: &'static str) -> HashSet<&'static str> {
    words.split_whitespace().collect()
}

/// Whether a word is a common given name, in any letters.
pub(super) fn is_given_name(word: &str) -> bool {
    static NAMES: OnceLock<HashSet<&str>> = OnceLock::new();
    NAMES.get_or_init(|| listed(GIVEN)).contains(word.to_lowercase().as_str())
}

/// Whether a word can be no name.
pub(super) fn is_no_name(word: &str) -> bool {
    static WORDS: OnceLock<HashSet<&str>> = OnceLock::new();
    WORDS.get_or_init(|| listed(NO_NAMES)).contains(word.to_lowercase().as_str())
}

/// Whether a word in small letters may stand behind a name.
pub(super) fn may_stand_behind(word: &str) -> bool {
    BEHIND.contains(&word)
}

/// Whether a word is written as a name is: a capital and letters.
pub(super) fn is_shaped(written: &str) -> bool {
    written.starts_with(char::is_uppercase)
        && written != "I"
        && written.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '\u{2019}' | '-'))
}

/// The name that begins at a token, behind words that leave no other reading.
///
/// The first word must be a given name in any letters, or shaped like a name in a text that is
/// not all capitals.
pub(super) fn named_at(tokens: &[Token], text: &str, at: usize) -> Option<Range<usize>> {
    let written = |token: &Token| text.get(token.span.clone()).unwrap_or_default();
    let is_loud = tokens.iter().filter(|token| token.is_caps).count() > 2;
    let mut span: Option<Range<usize>> = None;
    let first = tokens.get(at)?;
    let is_small = !written(first).starts_with(char::is_uppercase);
    for (place, token) in tokens.iter().enumerate().skip(at).take(MAX_WORDS) {
        let word = written(token);
        if !token.is_first || (place > at && token.gap != Gap::None) {
            break;
        }
        let is_name = if is_small || is_loud || token.is_caps && word.len() > 4 {
            is_given_name(word)
        } else {
            is_shaped(word)
        };
        if !is_name || is_no_name(word) {
            break;
        }
        span = Some(span.map_or(token.span.clone(), |span| span.start..token.span.end));
    }
    let span = span.filter(|span| span.len() <= MAX_BYTES)?;
    let next = tokens.iter().skip(at).find(|token| token.span.start >= span.end);
    let is_closed = next.is_none_or(|token| {
        let word = written(token).to_lowercase();
        token.gap != Gap::None || may_stand_behind(&word)
    });
    let goes_on = text.get(span.end..).unwrap_or_default().starts_with(['@', '_', '/']);
    (is_closed && !goes_on).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_name_is_told_in_any_letters_and_everyday_words_are_none() {
        for name in ["Bob", "MARIA", "Ahmed"] {
            assert!(is_given_name(name), "{name}");
        }
        for word in ["German", "Black", "anytime", "Happy", "May", "Mark", "Grace", "Rich", "Paris"]
        {
            assert!(!is_given_name(word), "{word}");
        }
        assert!(is_shaped("O'Brien") && is_shaped("Anne-Marie"));
        assert!(!is_shaped("B2") && !is_shaped("bob") && !is_shaped("I"));
    }

    #[test]
    fn no_word_is_listed_on_both_sides() {
        let both: Vec<&str> = GIVEN.split_whitespace().filter(|name| is_no_name(name)).collect();
        assert!(both.is_empty(), "{both:?}");
    }
}
