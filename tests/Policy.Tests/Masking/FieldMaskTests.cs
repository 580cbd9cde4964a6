using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Policy.Masking;
using Sallyport.Policy.Tests.Support;
using Xunit;

namespace Sallyport.Policy.Tests.Masking;

public class FieldMaskTests
{
    private static readonly MaskStrategies Strategies = new(TestPolicy.MaskKey);

    public static TheoryData<string> AllStrategies => [.. MaskStrategies.Words.Keys];

    [Theory]
    [InlineData("redact", "secret", "[redacted]")]
    [InlineData("redact", "", "[redacted]")]
    [InlineData("null", "secret", null)]
    [InlineData("last4", "4111111111111234", "************1234")]
    [InlineData("last4", "12345", "*2345")]
    [InlineData("last4", "1234", "****")]
    [InlineData("last4", "1", "*")]
    [InlineData("last4", "", "")]
    [InlineData("last4", "€€é€€1", "**é€€1")]
    [InlineData("last4", "é€€1", "****")]
    [InlineData("last4", "😀😀😀😀😀", "*😀😀😀😀")]
    [InlineData("email", "jane@example.com", "j***@example.com")]
    [InlineData("email", "j@example.com", "***@example.com")]
    [InlineData("email", "jo@e.co", "j***@e.co")]
    [InlineData("email", "éva@example.com", "é***@example.com")]
    [InlineData("email", "é@example.com", "***@example.com")]
    [InlineData("email", "@example.com", "[redacted]")]
    [InlineData("email", "jane@", "[redacted]")]
    [InlineData("email", "jane@localhost", "[redacted]")]
    [InlineData("email", "jane@example.", "[redacted]")]
    [InlineData("email", "jane@.com", "[redacted]")]
    [InlineData("email", "jane@a.com, bob@b.com", "[redacted]")]
    [InlineData("email", "Jane <jane@a.com>", "[redacted]")]
    [InlineData("email", "\"a@b\"@c.com", "[redacted]")]
    [InlineData("email", "jane", "[redacted]")]
    [InlineData("email", "", "[redacted]")]
    public void Text_is_masked(string strategy, string value, string? expected) => Assert.Equal(expected, Mask(strategy, Encoding.UTF8.GetBytes(value)));

    [Fact]
    public void A_hash_is_the_head_of_the_keyed_hash_and_differs_by_key()
    {
        byte[] value = "jane@example.com"u8.ToArray();
        string expected = Convert.ToHexStringLower(HMACSHA256.HashData(TestPolicy.MaskKey, value))[..16];
        Assert.Equal(expected, Mask("hash", value));
        byte[] other = [.. TestPolicy.MaskKey.Reverse()];
        Assert.NotEqual(expected, Mask(new MaskStrategies(other).Of(MaskStrategy.Hash)!, value));
    }

    [Fact]
    public void Text_that_is_not_utf8_is_masked_whole()
    {
        byte[] latin = [(byte)'J', 0xE9, (byte)'r', (byte)'o', (byte)'m', (byte)'e'];
        Assert.Equal("******", Mask("last4", latin));
        Assert.Equal("[redacted]", Mask("email", [.. latin, .. "@example.com"u8]));
    }

    [Fact]
    public void An_address_longer_than_addresses_are_is_redacted() =>
        Assert.Equal("[redacted]", Mask("email", Encoding.UTF8.GetBytes(new string('a', 250) + "@example.com")));

    [Theory]
    [MemberData(nameof(AllStrategies))]
    public void What_is_not_text_becomes_null(string strategy)
    {
        IFieldMask mask = Of(strategy);
        Assert.False(mask.TryMask("jane@example.com"u8, FieldKind.Other, new byte[100], out int written));
        Assert.Equal((0, strategy), (written, mask.Strategy));
    }

    [Theory]
    [MemberData(nameof(AllStrategies))]
    public void A_destination_that_is_too_small_becomes_null_and_not_an_exception(string strategy)
    {
        for (int size = 0; size < 10; size++)
            Assert.False(Of(strategy).TryMask("jane.doe@example.com"u8, FieldKind.Text, new byte[size], out _));
    }

    [Theory]
    [MemberData(nameof(AllStrategies))]
    public void Output_stays_in_bounds_is_valid_utf8_and_hides_what_it_should(string strategy)
    {
        IFieldMask mask = Of(strategy);
        Gen<string> piece = Gen.OneOf("a", "b", "1", "é", "€", "😀", "@", ".", " ", "example.com");
        piece.Array[0, 30].Select(string.Concat).Sample(
            text =>
            {
                byte[] value = Encoding.UTF8.GetBytes(text);
                byte[] destination = new byte[mask.MaxLength(value.Length)];
                if (!mask.TryMask(value, FieldKind.Text, destination, out int written))
                    return;
                Assert.InRange(written, 0, destination.Length);
                Assert.True(Utf8.IsValid(destination.AsSpan(0, written)));
                AssertHidden(strategy, text, Encoding.UTF8.GetString(destination, 0, written));
            },
            iter: 3000);
    }

    [Theory]
    [MemberData(nameof(AllStrategies))]
    public void Any_bytes_are_masked_without_an_exception(string strategy)
    {
        IFieldMask mask = Of(strategy);
        Gen.Byte.Array[0, 60].Sample(
            value =>
            {
                byte[] destination = new byte[mask.MaxLength(value.Length)];
                mask.TryMask(value, FieldKind.Text, destination, out int written);
                Assert.InRange(written, 0, destination.Length);
            },
            iter: 3000);
    }

    [Theory]
    [MemberData(nameof(AllStrategies))]
    public void Masking_allocates_nothing(string strategy)
    {
        IFieldMask mask = Of(strategy);
        byte[] value = "jane.doe@example.com"u8.ToArray();
        byte[] destination = new byte[mask.MaxLength(value.Length)];
        Assert.Equal(0, Allocation.Least(1000, () => mask.TryMask(value, FieldKind.Text, destination, out _)));
    }

    private static void AssertHidden(string strategy, string text, string masked)
    {
        Rune[] runes = [.. text.EnumerateRunes()];
        switch (strategy)
        {
            case "last4":
                int shown = runes.Length > 4 ? 4 : 0;
                Assert.Equal(string.Concat(Enumerable.Repeat("*", runes.Length - shown)) + string.Concat(runes[^shown..]), masked);
                break;
            case "email" when masked != "[redacted]":
                int at = text.IndexOf('@', StringComparison.Ordinal);
                Rune[] local = [.. text[..at].EnumerateRunes()];
                string head = local.Length > 1 ? local[0].ToString() : "";
                Assert.Equal($"{head}***{text[at..]}", masked);
                break;
            case "hash":
                Assert.Matches("^[0-9a-f]{16}$", masked);
                break;
            default:
                Assert.Equal("[redacted]", masked);
                break;
        }
    }

    private static IFieldMask Of(string strategy) => Strategies.Of(MaskStrategies.Words[strategy])!;

    private static string? Mask(string strategy, byte[] value) => Mask(Of(strategy), value);

    private static string? Mask(IFieldMask mask, byte[] value)
    {
        byte[] destination = new byte[mask.MaxLength(value.Length)];
        return mask.TryMask(value, FieldKind.Text, destination, out int written) ? Encoding.UTF8.GetString(destination, 0, written) : null;
    }
}
