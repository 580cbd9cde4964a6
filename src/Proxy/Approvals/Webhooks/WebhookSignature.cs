using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Proxy.Approvals.Webhooks;

/// <summary>
/// Says that a message is from here and when it was sent: <c>Sallyport-Signature: t=SECONDS,v1=HEX</c>, where HEX is HMAC-SHA256 (RFC 2104) under the
/// shared secret over <c>SECONDS.BODY</c>. A receiver refuses what is older than a few minutes, so that nothing can be sent to it again later.
/// </summary>
internal static class WebhookSignature
{
    public const string Header = "Sallyport-Signature";

    public static string Of(string secret, string body, DateTimeOffset now)
    {
        string seconds = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{seconds}.{body}"));
        return $"t={seconds},v1={Convert.ToHexStringLower(mac)}";
    }
}
