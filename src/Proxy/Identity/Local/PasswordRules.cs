using System.Text;

namespace Sallyport.Proxy.Identity.Local;

/// <summary>What a password must be: long, and not the name. No rules about kinds of characters: they make passwords worse (NIST SP 800-63B 5.1.1.2).</summary>
internal static class PasswordRules
{
    public const int Shortest = 12;

    public const int Longest = 256;

    /// <summary>What is wrong with it, for the person who chose it; null: nothing.</summary>
    public static string? Refuse(string password, string userName)
    {
        int length = password.EnumerateRunes().Count();
        if (length < Shortest)
            return $"The password must have at least {Shortest} characters.";
        if (password.Length > Longest)
            return $"The password must have at most {Longest} characters.";
        if (password.Contains(userName, StringComparison.OrdinalIgnoreCase) && password.Length < userName.Length + Shortest)
            return "The password must not be made of the user name.";
        return password.EnumerateRunes().Distinct().Count() < 4 ? "The password must not repeat so few characters." : null;
    }
}
