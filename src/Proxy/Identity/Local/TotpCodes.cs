using System.Security.Cryptography;
using OtpNet;
using QRCoder;
using Sallyport.Proxy.Identity.Pages;

namespace Sallyport.Proxy.Identity.Local;

/// <summary>Codes of an authenticator app (RFC 6238: SHA-1, 30 seconds, six digits, which is what all apps know).</summary>
internal static class TotpCodes
{
    /// <summary>RFC 4226 4: at least 128 bits, 160 recommended.</summary>
    private const int SecretLength = 20;

    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(SecretLength);

    /// <summary>The secret as people type it.</summary>
    public static string Text(byte[] secret) => Base32Encoding.ToString(secret);

    /// <summary>The step a code is of, one step early or late being taken; null when it is none, or of a step at or before <paramref name="lastStep"/>.</summary>
    public static long? StepOf(byte[] secret, string code, long lastStep, DateTimeOffset now)
    {
        if (code.Length != 6 || !code.All(char.IsAsciiDigit))
            return null;
        bool right = new Totp(secret).VerifyTotp(now.UtcDateTime, code, out long step, new VerificationWindow(previous: 1, future: 1));
        return right && step > lastStep ? step : null;
    }

    /// <summary>The code that apps scan, as a picture in the page.</summary>
    public static void WriteQr(Html html, byte[] secret, string user, string issuer)
    {
        string uri = new OtpUri(OtpType.Totp, secret, user, issuer).ToString();
        using var generator = new QRCodeGenerator();
        using QRCodeData data = generator.CreateQrCode(uri, QRCodeGenerator.ECCLevel.M);
        int size = data.ModuleMatrix.Count;
        var path = new System.Text.StringBuilder();
        for (int y = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++)
            {
                if (data.ModuleMatrix[y][x])
                    path.Append(System.Globalization.CultureInfo.InvariantCulture, $"M{x} {y}h1v1h-1z");
            }
        }

        html.Element(
            "svg",
            svg => svg.Element("path", "", ("d", path.ToString()), ("fill", "#000")),
            ("class", "qr"), ("role", "img"), ("aria-label", "QR code for an authenticator app; the same secret stands below as text"), ("viewBox", $"0 0 {size} {size}"));
    }
}
