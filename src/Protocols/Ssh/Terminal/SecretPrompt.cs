using System.Buffers;

namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>Tells whether a line asks for something that must not be kept: <c>[sudo] password for ada:</c>.</summary>
internal static class SecretPrompt
{
    /// <summary>Characters of a line, from its end, that are looked at.</summary>
    public const int MaxChars = 200;

    private static readonly SearchValues<string> Words = SearchValues.Create(
        [
            "password", "passwd", "passphrase", "passcode", "verification code", "one-time code", "security code", "authentication code", "secret key",
            "passwort", "kennwort", "passphrase", "mot de passe", "phrase de passe", "contraseña", "clave", "senha", "palavra-passe", "parola d'ordine",
            "wachtwoord", "lösenord", "passord", "adgangskode", "salasana", "hasło", "heslo", "jelszó", "parola", "şifre", "пароль", "κωδικός",
            "密码", "密碼", "口令", "パスワード", "パスフレーズ", "암호", "비밀번호",
        ],
        StringComparison.OrdinalIgnoreCase);

    // Short enough to stand within other words.
    private static readonly string[] WholeWords = ["pin", "otp", "token", "secret"];

    public static bool Is(ReadOnlySpan<char> line)
    {
        // Some prompts echo a star for a key.
        line = line.TrimEnd(" *•●");
        return line.Length > 0 && line[^1] is ':' or '：' && (line.ContainsAny(Words) || HasWholeWord(line));
    }

    private static bool HasWholeWord(ReadOnlySpan<char> line)
    {
        foreach (string word in WholeWords)
        {
            for (int from = 0; line[from..].IndexOf(word, StringComparison.OrdinalIgnoreCase) is >= 0 and var found; from += found + 1)
            {
                int at = from + found;
                int end = at + word.Length;
                if ((at == 0 || !char.IsLetterOrDigit(line[at - 1])) && (end == line.Length || !char.IsLetterOrDigit(line[end])))
                    return true;
            }
        }

        return false;
    }
}
