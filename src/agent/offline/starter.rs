//! The articles that come with the crate.
//!
//! Knows what most companies are asked. They are examples to start with: a company puts its
//! own in their place. Each first sentence helps by itself.

use super::article::Article;

/// The starter set.
pub(crate) fn articles() -> Vec<Article> {
    let mut all = account();
    all.extend(money());
    all.extend(product());
    all
}

fn account() -> Vec<Article> {
    vec![
        Article::new(
            "Reset a forgotten password",
            "Choose \"Forgot password\" on the sign-in page and enter the address of your account. We then send you an \
             e-mail with a link, which is valid for one hour. Open the link, choose a new password of at least ten \
             characters, and log in with it.",
        )
        .category("login")
        .keywords("password reset forget lose new change set")
        .steps([
            "Open the sign-in page and choose \"Forgot password\".",
            "Enter the address of your account and confirm.",
            "Open the link in our e-mail within one hour.",
            "Choose a new password of at least ten characters.",
            "Log in with the new password.",
        ]),
        Article::new(
            "Trouble logging in",
            "Check that the address and the password are typed exactly, with Caps Lock off. If the page still calls the \
             password invalid, choose \"Forgot password\" below it and set a new one. After five wrong attempts the \
             account is locked for fifteen minutes, so please wait before the next try.",
        )
        .category("login")
        .keywords("login access locked blocked invalid wrong incorrect rejected page password user username enter code")
        .steps([
            "Type the address and the password anew, with Caps Lock off.",
            "If the account is locked, wait fifteen minutes.",
            "Try once in a private window of your browser.",
            "If the password is still called invalid, choose \"Forgot password\" and set a new one.",
        ]),
        Article::new(
            "An e-mail did not arrive",
            "Please look into the spam folder first, because automatic messages often land there. The link in an e-mail \
             about a password reset is valid for one hour, and only the newest link works. The e-mail goes to the address \
             of your account, so please check that address for typing errors. If nothing has come after fifteen minutes, \
             ask for the e-mail once more on the sign-in page. Mail servers of companies sometimes hold automatic \
             messages back; adding our address to your contacts lets them through. If that is not possible, a colleague \
             can change the address of the account after checking who you are.",
        )
        .category("e-mail")
        .keywords("email arrive come receive inbox spam junk link message send confirmation missing address")
        .steps([
            "Look into the spam or junk folder.",
            "Check the address of your account for typing errors.",
            "Wait fifteen minutes, then ask for the e-mail once more.",
            "Use the newest link only; it is valid for one hour.",
            "Add our address to your contacts if your mail server holds messages back.",
        ]),
    ]
}

fn money() -> Vec<Article> {
    vec![
        Article::new(
            "Billing details and invoices",
            "Open Account, then Billing, and choose Edit beside the payment method or the billing address. The change \
             applies from the next invoice. Every invoice can be downloaded as a PDF on the same page.",
        )
        .category("billing")
        .keywords("bill invoice receipt payment pay card charge address change update details tax plan subscription")
        .steps([
            "Open Account and choose Billing.",
            "Choose Edit beside the payment method or the billing address.",
            "Enter the new details and save them.",
            "The change applies from the next invoice; earlier invoices stay on the same page as PDF.",
        ]),
        Article::new(
            "Ask for a refund",
            "Open Account, then Orders, choose the order and select \"Ask for a refund\". We check it within three working \
             days, and the money goes back to the payment method that was used. Depending on the bank it takes up to ten \
             days to appear.",
        )
        .category("refund")
        .keywords("refund money back return charge twice double wrong")
        .steps([
            "Open Account and choose Orders.",
            "Choose the order and select \"Ask for a refund\".",
            "Say why, and confirm.",
            "We check it within three working days; the bank may need up to ten days more.",
        ]),
        Article::new(
            "Cancel a subscription",
            "Open Account, then Subscription, and choose \"Cancel at the end of the period\". You keep access until then, \
             and nothing more is charged. You can take the cancellation back at any time before that day.",
        )
        .category("subscription")
        .keywords("cancel end stop terminate quit unsubscribe renew renewal plan membership")
        .steps([
            "Open Account and choose Subscription.",
            "Choose \"Cancel at the end of the period\" and confirm.",
            "Keep our confirmation, which comes at once.",
        ]),
    ]
}

fn product() -> Vec<Article> {
    vec![
        Article::new(
            "Trouble with the installation",
            "Restart the computer, download the newest installer and run it as an administrator. If it stops with an \
             error, switch the virus scanner off for the time of the installation. About two gigabytes of free space are \
             needed.",
        )
        .category("installation")
        .keywords("install installer setup update upgrade download crash error fail start software program app")
        .steps([
            "Restart the computer and close other programs.",
            "Check that two gigabytes of space are free.",
            "Download the newest installer and run it as an administrator.",
            "If it stops, note the error and try once with the virus scanner off.",
        ]),
        Article::new(
            "Export your data",
            "Open Settings, then Data, and choose \"Export everything\". The export is prepared within an hour and can be \
             downloaded as CSV for seven days.",
        )
        .category("data export")
        .keywords("export data download copy backup csv file")
        .steps([
            "Open Settings and choose Data.",
            "Choose \"Export everything\" and the format.",
            "Download the file from the same page within seven days.",
        ]),
        Article::new(
            "Where a delivery is",
            "Open Account, then Orders, and choose \"Track\" beside the order to see where the parcel is. A delivery \
             takes two to five working days from the day it is handed over. If the parcel has not moved for three working \
             days, we ask the carrier about it.",
        )
        .category("delivery")
        .keywords("deliver parcel order track tracking number arrive come late ship carrier courier receive missing status")
        .steps([
            "Open Account and choose Orders.",
            "Choose \"Track\" beside the order.",
            "Look for a note of the carrier, also with your neighbours.",
            "If the parcel has not moved for three working days, write to us with the order number.",
        ]),
    ]
}
