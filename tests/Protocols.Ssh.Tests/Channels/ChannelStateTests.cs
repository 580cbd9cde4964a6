using Sallyport.Protocols.Ssh.Channels;

namespace Sallyport.Protocols.Ssh.Tests.Channels;

/// <summary>Every message number in every state of a half: RFC 4254 5 as a table.</summary>
public sealed class ChannelStateTests
{
    public static TheoryData<byte, bool, bool> States()
    {
        var data = new TheoryData<byte, bool, bool>();
        for (byte half = 0; half <= 3; half++)
        {
            foreach (bool opener in new[] { false, true })
            {
                data.Add(half, opener, false);
                data.Add(half, opener, true);
            }
        }

        return data;
    }

    [Theory, MemberData(nameof(States))]
    public void Every_number_is_legal_exactly_where_the_RFC_says_so(byte from, bool opener, bool answered)
    {
        for (int number = 0; number <= byte.MaxValue; number++)
        {
            var half = (SshHalf)from;
            bool legal = SshChannelState.TryAdvance(ref half, (byte)number, opener, answered);
            Assert.True((legal, half) == Expected((SshHalf)from, number, opener, answered), $"{number} of {(SshHalf)from}, opener {opener}, answered {answered}: {legal} {half}");
        }
    }

    private static (bool Legal, SshHalf Then) Expected(SshHalf half, int number, bool opener, bool answered)
    {
        bool asked = half == SshHalf.Opening && !opener && !answered;
        bool speaks = answered && half is SshHalf.Open;
        bool lives = answered && half is SshHalf.Open or SshHalf.Eof;
        return number switch
        {
            91 => (asked, asked ? SshHalf.Open : half),
            92 => (asked, asked ? SshHalf.Closed : half),
            93 or 98 or 99 or 100 => (answered && lives, half),
            94 or 95 => (speaks, half),
            96 => (speaks, speaks ? SshHalf.Eof : half),
            97 => (answered && lives, answered && lives ? SshHalf.Closed : half),
            _ => (false, half),
        };
    }
}
