/// The languages that a project can have: code and English name (project reference 1.7).
package enum Languages {
    package static let names: [(code: String, name: String)] = table.split(separator: "\n").map { line in
        let parts = line.split(separator: " ", maxSplits: 1)
        return (String(parts[0]), String(parts[1]))
    }

    private static let table = """
        af Afrikaans
        am Amharic
        ar Arabic
        az Azerbaijani
        be Belarusian
        bg Bulgarian
        bn Bengali
        bs Bosnian
        ca Catalan
        cs Czech
        cy Welsh
        da Danish
        de German
        de-at German (Austria)
        de-ch German (Switzerland)
        el Greek
        en English
        en-au English (Australia)
        en-ca English (Canada)
        en-gb English (United Kingdom)
        en-us English (United States)
        eo Esperanto
        es Spanish
        es-ar Spanish (Argentina)
        es-es Spanish (Spain)
        es-mx Spanish (Mexico)
        et Estonian
        eu Basque
        fa Persian
        fi Finnish
        fil Filipino
        fr French
        fr-be French (Belgium)
        fr-ca French (Canada)
        fr-ch French (Switzerland)
        fr-fr French (France)
        fy Western Frisian
        ga Irish
        gd Scottish Gaelic
        gl Galician
        gu Gujarati
        he Hebrew
        hi Hindi
        hr Croatian
        hu Hungarian
        hy Armenian
        id Indonesian
        is Icelandic
        it Italian
        it-ch Italian (Switzerland)
        ja Japanese
        ka Georgian
        kk Kazakh
        km Khmer
        kn Kannada
        ko Korean
        ku Kurdish
        ky Kyrgyz
        la Latin
        lb Luxembourgish
        lo Lao
        lt Lithuanian
        lv Latvian
        mk Macedonian
        ml Malayalam
        mn Mongolian
        mr Marathi
        ms Malay
        mt Maltese
        my Burmese
        nb Norwegian Bokmål
        ne Nepali
        nl Dutch
        nl-be Dutch (Belgium)
        nl-nl Dutch (Netherlands)
        nn Norwegian Nynorsk
        no Norwegian
        pa Punjabi
        pl Polish
        ps Pashto
        pt Portuguese
        pt-br Portuguese (Brazil)
        pt-pt Portuguese (Portugal)
        rm Romansh
        ro Romanian
        ru Russian
        si Sinhala
        sk Slovak
        sl Slovenian
        so Somali
        sq Albanian
        sr Serbian
        sv Swedish
        sw Swahili
        ta Tamil
        te Telugu
        tg Tajik
        th Thai
        tk Turkmen
        tr Turkish
        uk Ukrainian
        ur Urdu
        uz Uzbek
        vi Vietnamese
        zh Chinese
        zh-cn Chinese (Simplified)
        zh-hk Chinese (Hong Kong)
        zh-tw Chinese (Traditional)
        zu Zulu
        """
}
