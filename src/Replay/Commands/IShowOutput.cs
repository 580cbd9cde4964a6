using Sallyport.Contract;
using Sallyport.Recording;

namespace Sallyport.Replay.Commands;

/// <summary>A form in which a session is shown.</summary>
internal interface IShowOutput
{
    void Begin(SessionFacts? facts);

    void Item(PlayedItem item);

    void End(VerifyReport report, Playback playback);
}
